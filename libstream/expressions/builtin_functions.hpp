// The families of built-in functions, one registration function a file of functions/.
#pragma once

#include <libstream/expressions/function.hpp>

namespace stream {
void add_concat_function(FunctionRegistry& registry);
void add_make_datetime_functions(FunctionRegistry& registry);
void add_datetime_format_functions(FunctionRegistry& registry);
void add_clock_functions(FunctionRegistry& registry);
void add_timestamp_functions(FunctionRegistry& registry);
void add_arithmetic_operators(FunctionRegistry& registry);
void add_sign_operators(FunctionRegistry& registry);
void add_comparison_operators(FunctionRegistry& registry);
void add_bit_operators(FunctionRegistry& registry);
void add_access_operators(FunctionRegistry& registry);
void add_predicate_functions(FunctionRegistry& registry);
void add_conditional_functions(FunctionRegistry& registry);
void add_cast_functions(FunctionRegistry& registry);
void add_datetime_field_functions(FunctionRegistry& registry);
void add_date_functions(FunctionRegistry& registry);
void add_average_functions(FunctionRegistry& registry);
void add_count_functions(FunctionRegistry& registry);
void add_sum_functions(FunctionRegistry& registry);
void add_extreme_functions(FunctionRegistry& registry);
void add_pick_functions(FunctionRegistry& registry);
void add_fold_functions(FunctionRegistry& registry);
void add_string_functions(FunctionRegistry& registry);
void add_substring_functions(FunctionRegistry& registry);
void add_trim_functions(FunctionRegistry& registry);
void add_regex_functions(FunctionRegistry& registry);
void add_like_functions(FunctionRegistry& registry);
void add_moment_functions(FunctionRegistry& registry);
void add_pair_functions(FunctionRegistry& registry);
void add_collect_functions(FunctionRegistry& registry);
void add_percentile_functions(FunctionRegistry& registry);
void add_approximate_functions(FunctionRegistry& registry);
void add_window_functions(FunctionRegistry& registry);
void add_array_functions(FunctionRegistry& registry);
void add_array_search_functions(FunctionRegistry& registry);
void add_array_set_functions(FunctionRegistry& registry);
void add_array_shape_functions(FunctionRegistry& registry);
void add_element_functions(FunctionRegistry& registry);
void add_struct_functions(FunctionRegistry& registry);
void add_codec_functions(FunctionRegistry& registry);
void add_format_functions(FunctionRegistry& registry);
void add_mask_functions(FunctionRegistry& registry);
void add_hash_functions(FunctionRegistry& registry);
void add_math_functions(FunctionRegistry& registry);
void add_rounding_functions(FunctionRegistry& registry);
void add_chance_functions(FunctionRegistry& registry);
void add_misc_functions(FunctionRegistry& registry);
void add_aes_functions(FunctionRegistry& registry);
void add_absolute_functions(FunctionRegistry& registry);
void add_url_functions(FunctionRegistry& registry);
void add_array_sort_functions(FunctionRegistry& registry);
void add_reduce_functions(FunctionRegistry& registry);
void add_lambda_functions(FunctionRegistry& registry);
void add_map_functions(FunctionRegistry& registry);
void add_generator_functions(FunctionRegistry& registry);
void add_sequence_functions(FunctionRegistry& registry);
void add_text_aggregate_functions(FunctionRegistry& registry);
void add_bitmap_functions(FunctionRegistry& registry);
void add_histogram_functions(FunctionRegistry& registry);
void add_json_functions(FunctionRegistry& registry);
void add_csv_functions(FunctionRegistry& registry);
void add_variant_functions(FunctionRegistry& registry);
void add_xml_functions(FunctionRegistry& registry);
void add_sketch_functions(FunctionRegistry& registry);
void add_sketch_aggregates(FunctionRegistry& registry);
void add_collation_functions(FunctionRegistry& registry);
void add_variant_aggregates(FunctionRegistry& registry);

}  // namespace stream
