// Values as the writers of csv and json put them down. Pure functions.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/formats/time_text.hpp>

#include <cstddef>
#include <string>

namespace stream {

/// BigDecimal.toString: an exponent where the value is small ("1.00E-10").
void append_java_decimal(Int128 unscaled, int scale, std::string& out);

/// One scalar value, raw: numbers in Java's form, dates by the writer, strings as they are. Nested
/// types and nulls are the caller's.
void append_scalar(const Column& column, std::size_t row, const TimeWriter& times,
                   std::string& out);

}  // namespace stream
