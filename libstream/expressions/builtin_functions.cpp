#include <libstream/expressions/builtin_functions.hpp>

namespace stream {

const FunctionRegistry& builtin_functions() {
  static const FunctionRegistry registry = [] {
    FunctionRegistry made;
    add_concat_function(made);
    add_arithmetic_operators(made);
    add_sign_operators(made);
    add_comparison_operators(made);
    add_bit_operators(made);
    add_access_operators(made);
    add_predicate_functions(made);
    add_conditional_functions(made);
    add_cast_functions(made);
    add_average_functions(made);
    add_count_functions(made);
    add_sum_functions(made);
    add_extreme_functions(made);
    add_pick_functions(made);
    add_fold_functions(made);
    add_string_functions(made);
    add_substring_functions(made);
    add_trim_functions(made);
    add_regex_functions(made);
    add_like_functions(made);
    add_moment_functions(made);
    add_pair_functions(made);
    add_collect_functions(made);
    add_percentile_functions(made);
    add_approximate_functions(made);
    add_window_functions(made);
    add_date_functions(made);
    add_datetime_field_functions(made);
    add_timestamp_functions(made);
    add_clock_functions(made);
    add_array_functions(made);
    add_array_search_functions(made);
    add_array_set_functions(made);
    add_array_shape_functions(made);
    add_element_functions(made);
    add_struct_functions(made);
    add_codec_functions(made);
    add_format_functions(made);
    add_mask_functions(made);
    add_hash_functions(made);
    add_math_functions(made);
    add_rounding_functions(made);
    add_chance_functions(made);
    add_misc_functions(made);
    add_aes_functions(made);
    add_absolute_functions(made);
    add_url_functions(made);
    add_datetime_format_functions(made);
    add_make_datetime_functions(made);
    add_array_sort_functions(made);
    add_reduce_functions(made);
    add_lambda_functions(made);
    add_map_functions(made);
    add_generator_functions(made);
    add_sequence_functions(made);
    add_text_aggregate_functions(made);
    add_bitmap_functions(made);
    add_histogram_functions(made);
    add_json_functions(made);
    add_csv_functions(made);
    add_variant_functions(made);
    add_xml_functions(made);
    add_sketch_functions(made);
    add_sketch_aggregates(made);
    add_collation_functions(made);
    add_variant_aggregates(made);
    return made;
  }();
  return registry;
}

}  // namespace stream
