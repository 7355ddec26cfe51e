// SQL text for streamctl: parameters filled in, statements cut apart, errors with their place.
// Pure.
#pragma once

#include <libstream/base/error.hpp>
#include <libstream/sql/statement.hpp>

#include <map>
#include <string>
#include <string_view>

namespace stream::apps {

/// "key=value" texts of --param. Throws Error: one without "=", or a key given twice.
std::map<std::string, std::string> parse_parameters(const std::vector<std::string>& texts);

/// `text` with each ${key}, or ${key:default}, replaced. Throws Error with the place of a key that
/// has no value, or naming a parameter that does not occur.
std::string fill_in(std::string_view text, const std::map<std::string, std::string>& parameters);

/// The error with line, column and caret in `text`: where the message has none, those of the first
/// name that it quotes and the statement holds, else of the statement's start.
Error placed(Error error, std::string_view text, const Statement& statement);

/// The error as a compiler says it, "FILE:LINE:COLUMN: message", columns from 1. `file` may be
/// empty.
Error in_file(Error error, std::string_view file);

/// True when `text` ends a statement: a semicolon outside of quotes and comments is its last word;
/// of BEGIN STATEMENT SET the one after END.
bool is_complete(std::string_view text);

}  // namespace stream::apps
