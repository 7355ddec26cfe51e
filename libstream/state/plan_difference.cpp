#include <libstream/state/plan_difference.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

using Entry = PlanDifference::Entry;
using Fate = PlanDifference::Fate;

std::vector<Entry> parse(std::string_view text) {
  constexpr std::string_view kSource = "source ";
  constexpr std::string_view kOperator = "operator ";
  std::vector<Entry> entries;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.starts_with(kSource)) {
      entries.push_back({Fate::kept, true, std::string(line.substr(kSource.size())), ""});
    } else if (line.starts_with(kOperator)) {
      const std::string_view rest = line.substr(kOperator.size());
      const std::size_t space = std::min(rest.find(' '), rest.size());
      entries.push_back({Fate::kept, false, std::string(rest.substr(0, space)),
                         std::string(rest.substr(std::min(space + 1, rest.size())))});
    }
  }
  return entries;
}

std::vector<Entry> part(const std::vector<Entry>& entries, bool is_source) {
  std::vector<Entry> some;
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(some),
               [is_source](const Entry& entry) { return entry.is_source == is_source; });
  return some;
}

void add(std::vector<Entry>& entries, Entry entry, Fate fate) {
  entry.fate = fate;
  entries.push_back(std::move(entry));
}

void compare_sources(const std::vector<Entry>& before, const std::vector<Entry>& now,
                     std::vector<Entry>& entries) {
  for (std::size_t i = 0; i < std::max(before.size(), now.size()); ++i) {
    const bool is_kept = i < before.size() && i < now.size() && before[i].id == now[i].id;
    if (is_kept) {
      add(entries, now[i], Fate::kept);
      continue;
    }
    if (i < before.size()) add(entries, before[i], Fate::orphaned);
    if (i < now.size()) add(entries, now[i], Fate::added);
  }
}

void compare_operators(const std::vector<Entry>& before, const std::vector<Entry>& now,
                       std::vector<Entry>& entries) {
  const auto has = [](const std::vector<Entry>& in, const Entry& entry) {
    return std::any_of(in.begin(), in.end(), [&](const Entry& e) { return e.id == entry.id; });
  };
  for (const Entry& entry : now) add(entries, entry, has(before, entry) ? Fate::kept : Fate::added);
  for (const Entry& entry : before) {
    if (!has(now, entry)) add(entries, entry, Fate::orphaned);
  }
}

std::string_view word(Fate fate) {
  switch (fate) {
    case Fate::kept:
      return "kept";
    case Fate::added:
      return "new";
    case Fate::orphaned:
      return "orphaned";
  }
  return "";
}

}  // namespace

bool PlanDifference::is_same() const {
  return std::all_of(entries.begin(), entries.end(),
                     [](const Entry& entry) { return entry.fate == Fate::kept; });
}

PlanDifference compare_plans(std::string_view of_checkpoint, std::string_view of_query) {
  const std::vector<Entry> before = parse(of_checkpoint);
  const std::vector<Entry> now = parse(of_query);
  PlanDifference difference;
  compare_sources(part(before, true), part(now, true), difference.entries);
  compare_operators(part(before, false), part(now, false), difference.entries);
  return difference;
}

std::string to_text(const PlanDifference& difference) {
  std::string text;
  for (const Entry& entry : difference.entries)
    text += fmt::format("  {:<8}  {} {}{}\n", word(entry.fate),
                        entry.is_source ? "source  " : "operator", entry.id,
                        entry.name.empty() ? "" : " (" + entry.name + ")");
  return text;
}

}  // namespace stream
