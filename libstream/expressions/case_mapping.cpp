#include <libstream/base/ascii.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/utf8.hpp>

#include <unicode/brkiter.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <memory>

namespace stream {

namespace {

template <class Map>
std::string mapped(std::string_view text, Map map) {
  std::string result;
  result.reserve(text.size());
  icu::StringByteSink<std::string> sink(&result);
  UErrorCode status = U_ZERO_ERROR;
  map(icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink, status);
  return result;
}

std::string part(const icu::UnicodeString& text, std::int32_t begin, std::int32_t end) {
  std::string result;
  text.tempSubStringBetween(begin, end).toUTF8String(result);
  return result;
}

}  // namespace

std::string to_upper(std::string_view text) {
  if (is_ascii(text)) return ascii_upper(text);
  return mapped(text, [](icu::StringPiece piece, icu::ByteSink& sink, UErrorCode& status) {
    icu::CaseMap::utf8ToUpper("", 0, piece, sink, nullptr, status);
  });
}

std::string to_lower(std::string_view text) {
  if (is_ascii(text)) return ascii_lower(text);
  return mapped(text, [](icu::StringPiece piece, icu::ByteSink& sink, UErrorCode& status) {
    icu::CaseMap::utf8ToLower("", 0, piece, sink, nullptr, status);
  });
}

std::string to_title(std::string_view text) {
  const std::string lower = to_lower(text);
  std::string result;
  result.reserve(lower.size());
  bool begins_word = true;
  for (std::size_t offset = 0; offset < lower.size();) {
    const char32_t c = next_code_point(lower, offset);
    append_code_point(begins_word ? static_cast<char32_t>(u_totitle(static_cast<UChar32>(c))) : c,
                      result);
    begins_word = c == ' ';
  }
  return result;
}

std::vector<std::vector<std::string>> split_sentences(std::string_view text,
                                                      std::string_view language,
                                                      std::string_view country) {
  const icu::Locale locale(std::string(language.empty() ? "en" : language).c_str(),
                           std::string(language.empty() ? "US" : country).c_str());
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> sentences(
      icu::BreakIterator::createSentenceInstance(locale, status));
  const std::unique_ptr<icu::BreakIterator> words(
      icu::BreakIterator::createWordInstance(locale, status));
  std::vector<std::vector<std::string>> result;
  if (U_FAILURE(status)) return result;
  const icu::UnicodeString all = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  sentences->setText(all);
  std::int32_t begin = sentences->first();
  for (std::int32_t end = sentences->next(); end != icu::BreakIterator::DONE;
       begin = end, end = sentences->next()) {
    const icu::UnicodeString sentence = all.tempSubStringBetween(begin, end);
    words->setText(sentence);
    std::vector<std::string> found;
    std::int32_t word_begin = words->first();
    for (std::int32_t word_end = words->next(); word_end != icu::BreakIterator::DONE;
         word_begin = word_end, word_end = words->next()) {
      if (u_isalnum(sentence.char32At(word_begin)) != 0)
        found.push_back(part(sentence, word_begin, word_end));
    }
    result.push_back(std::move(found));
  }
  return result;
}

}  // namespace stream
