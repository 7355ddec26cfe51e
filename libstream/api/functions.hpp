// The built-in functions by their names in Spark, over columns: sum(col("v")), window(col("ts"),
// "10 seconds"). What they mean is in the registry (expressions/functions); SHOW FUNCTIONS lists
// all, and call_function reaches those whose name is a word of C++.
#pragma once

#include <libstream/api/col.hpp>

#include <type_traits>

namespace stream {

/// A function whose first argument is a column; others may be values.
#define STREAM_DETAIL_FUNCTION(name)                                                           \
  template <class First, class... Rest>                                                        \
  requires std::is_same_v<std::remove_cvref_t<First>, Col> Col name(First&& first,             \
                                                                    Rest&&... rest) {          \
    return call_function(#name,                                                                \
                         {Col(std::forward<First>(first)), Col(std::forward<Rest>(rest))...}); \
  }
#define STREAM_DETAIL_NULLARY(name) \
  inline Col name() { return call_function(#name, {}); }

// Aggregates.
inline Col count() { return call_function("count", {Col(1)}); }  ///< count(*)
Col count_distinct(const std::vector<Col>& columns);
Col sum_distinct(const Col& column);
STREAM_DETAIL_FUNCTION(count)
STREAM_DETAIL_FUNCTION(sum)
STREAM_DETAIL_FUNCTION(avg)
STREAM_DETAIL_FUNCTION(mean)
STREAM_DETAIL_FUNCTION(min)
STREAM_DETAIL_FUNCTION(max)
STREAM_DETAIL_FUNCTION(first)
STREAM_DETAIL_FUNCTION(last)
STREAM_DETAIL_FUNCTION(any_value)
STREAM_DETAIL_FUNCTION(count_if)
STREAM_DETAIL_FUNCTION(approx_count_distinct)
STREAM_DETAIL_FUNCTION(collect_list)
STREAM_DETAIL_FUNCTION(collect_set)
STREAM_DETAIL_FUNCTION(max_by)
STREAM_DETAIL_FUNCTION(min_by)
STREAM_DETAIL_FUNCTION(stddev)
STREAM_DETAIL_FUNCTION(stddev_pop)
STREAM_DETAIL_FUNCTION(stddev_samp)
STREAM_DETAIL_FUNCTION(variance)
STREAM_DETAIL_FUNCTION(var_pop)
STREAM_DETAIL_FUNCTION(var_samp)
STREAM_DETAIL_FUNCTION(corr)
STREAM_DETAIL_FUNCTION(median)
STREAM_DETAIL_FUNCTION(percentile)
STREAM_DETAIL_FUNCTION(percentile_approx)
STREAM_DETAIL_FUNCTION(try_sum)
STREAM_DETAIL_FUNCTION(bool_and)
STREAM_DETAIL_FUNCTION(bool_or)

// Time.
STREAM_DETAIL_FUNCTION(window)
STREAM_DETAIL_FUNCTION(session_window)
STREAM_DETAIL_FUNCTION(window_time)
STREAM_DETAIL_NULLARY(current_timestamp)
STREAM_DETAIL_NULLARY(current_date)
STREAM_DETAIL_FUNCTION(to_timestamp)
STREAM_DETAIL_FUNCTION(to_date)
STREAM_DETAIL_FUNCTION(date_format)
STREAM_DETAIL_FUNCTION(date_add)
STREAM_DETAIL_FUNCTION(date_sub)
STREAM_DETAIL_FUNCTION(datediff)
STREAM_DETAIL_FUNCTION(add_months)
STREAM_DETAIL_FUNCTION(trunc)
STREAM_DETAIL_FUNCTION(year)
STREAM_DETAIL_FUNCTION(month)
STREAM_DETAIL_FUNCTION(dayofmonth)
STREAM_DETAIL_FUNCTION(dayofweek)
STREAM_DETAIL_FUNCTION(hour)
STREAM_DETAIL_FUNCTION(minute)
STREAM_DETAIL_FUNCTION(second)
STREAM_DETAIL_FUNCTION(unix_timestamp)
STREAM_DETAIL_FUNCTION(from_unixtime)
STREAM_DETAIL_FUNCTION(timestamp_seconds)
STREAM_DETAIL_FUNCTION(timestamp_millis)
STREAM_DETAIL_FUNCTION(unix_millis)
inline Col date_trunc(const std::string& unit, const Col& time) {
  return call_function("date_trunc", {Col(unit), time});
}

// Text.
STREAM_DETAIL_FUNCTION(upper)
STREAM_DETAIL_FUNCTION(lower)
STREAM_DETAIL_FUNCTION(length)
STREAM_DETAIL_FUNCTION(trim)
STREAM_DETAIL_FUNCTION(ltrim)
STREAM_DETAIL_FUNCTION(rtrim)
STREAM_DETAIL_FUNCTION(lpad)
STREAM_DETAIL_FUNCTION(rpad)
STREAM_DETAIL_FUNCTION(substring)
STREAM_DETAIL_FUNCTION(substring_index)
STREAM_DETAIL_FUNCTION(split)
STREAM_DETAIL_FUNCTION(split_part)
STREAM_DETAIL_FUNCTION(concat)
STREAM_DETAIL_FUNCTION(replace)
STREAM_DETAIL_FUNCTION(translate)
STREAM_DETAIL_FUNCTION(repeat)
STREAM_DETAIL_FUNCTION(instr)
STREAM_DETAIL_FUNCTION(regexp_replace)
STREAM_DETAIL_FUNCTION(regexp_extract)
STREAM_DETAIL_FUNCTION(regexp_extract_all)
STREAM_DETAIL_FUNCTION(base64)
STREAM_DETAIL_FUNCTION(unbase64)
STREAM_DETAIL_FUNCTION(parse_url)
STREAM_DETAIL_FUNCTION(url_encode)
STREAM_DETAIL_FUNCTION(url_decode)
template <class... Columns>
Col concat_ws(const std::string& separator, const Columns&... columns) {
  return call_function("concat_ws", {Col(separator), Col(columns)...});
}
template <class... Columns>
Col format_string(const std::string& format, const Columns&... columns) {
  return call_function("format_string", {Col(format), Col(columns)...});
}

// Numbers.
STREAM_DETAIL_FUNCTION(abs)
STREAM_DETAIL_FUNCTION(ceil)
STREAM_DETAIL_FUNCTION(floor)
STREAM_DETAIL_FUNCTION(round)
STREAM_DETAIL_FUNCTION(sqrt)
STREAM_DETAIL_FUNCTION(exp)
STREAM_DETAIL_FUNCTION(log)
STREAM_DETAIL_FUNCTION(log10)
STREAM_DETAIL_FUNCTION(pow)
STREAM_DETAIL_FUNCTION(pmod)
STREAM_DETAIL_FUNCTION(greatest)
STREAM_DETAIL_FUNCTION(least)
STREAM_DETAIL_FUNCTION(try_divide)
STREAM_DETAIL_FUNCTION(try_add)

// Conditions.
STREAM_DETAIL_FUNCTION(coalesce)
STREAM_DETAIL_FUNCTION(nvl)
STREAM_DETAIL_FUNCTION(nullif)
STREAM_DETAIL_FUNCTION(isnull)
STREAM_DETAIL_FUNCTION(isnan)

// Arrays, maps, structs.
STREAM_DETAIL_FUNCTION(array)
STREAM_DETAIL_FUNCTION(array_contains)
STREAM_DETAIL_FUNCTION(array_distinct)
STREAM_DETAIL_FUNCTION(array_join)
STREAM_DETAIL_FUNCTION(array_max)
STREAM_DETAIL_FUNCTION(array_min)
STREAM_DETAIL_FUNCTION(array_sort)
STREAM_DETAIL_FUNCTION(sort_array)
STREAM_DETAIL_FUNCTION(element_at)
STREAM_DETAIL_FUNCTION(size)
STREAM_DETAIL_FUNCTION(slice)
STREAM_DETAIL_FUNCTION(flatten)
STREAM_DETAIL_FUNCTION(sequence)
STREAM_DETAIL_FUNCTION(map_keys)
STREAM_DETAIL_FUNCTION(map_values)
STREAM_DETAIL_FUNCTION(map_entries)
STREAM_DETAIL_FUNCTION(map_from_arrays)
/// struct(a, b); `struct` is a word of C++.
Col struct_of_columns(const std::vector<Col>& columns);

// Generators: many rows from one.
STREAM_DETAIL_FUNCTION(explode)
STREAM_DETAIL_FUNCTION(explode_outer)
STREAM_DETAIL_FUNCTION(posexplode)
STREAM_DETAIL_FUNCTION(posexplode_outer)
STREAM_DETAIL_FUNCTION(inline_outer)

// JSON, CSV.
STREAM_DETAIL_FUNCTION(from_json)
STREAM_DETAIL_FUNCTION(to_json)
STREAM_DETAIL_FUNCTION(get_json_object)
STREAM_DETAIL_FUNCTION(from_csv)
STREAM_DETAIL_FUNCTION(to_csv)

// Hashes.
STREAM_DETAIL_FUNCTION(md5)
STREAM_DETAIL_FUNCTION(sha1)
STREAM_DETAIL_FUNCTION(sha2)
STREAM_DETAIL_FUNCTION(crc32)
STREAM_DETAIL_FUNCTION(hash)
STREAM_DETAIL_FUNCTION(xxhash64)

// Over windows.
STREAM_DETAIL_NULLARY(row_number)
STREAM_DETAIL_NULLARY(rank)
STREAM_DETAIL_NULLARY(dense_rank)
STREAM_DETAIL_FUNCTION(lag)
STREAM_DETAIL_FUNCTION(lead)
STREAM_DETAIL_FUNCTION(ntile)

// Chance; the same in a re-run of an epoch.
STREAM_DETAIL_NULLARY(rand)
STREAM_DETAIL_NULLARY(uuid)

#undef STREAM_DETAIL_FUNCTION
#undef STREAM_DETAIL_NULLARY

}  // namespace stream
