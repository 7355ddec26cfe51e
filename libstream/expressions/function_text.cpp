#include <libstream/expressions/expression_text.hpp>

#include <algorithm>
#include <vector>

namespace stream {
namespace {

constexpr std::size_t kAll = static_cast<std::size_t>(-1);

struct Row {
  std::string_view name;
  std::string_view shown;  ///< "": as called
  std::size_t num_parameters = 0;
  std::vector<std::string_view> defaults = {};
  std::size_t num_shown = kAll;
};

/// Sorted by name.
const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {"acos", "ACOS"},
      {"acosh", "ACOSH"},
      {"aes_decrypt", "", 5, {"GCM", "DEFAULT", ""}},
      {"aes_encrypt", "", 6, {"GCM", "DEFAULT", "", ""}},
      {"any_value", "", 0, {}, 1},
      {"approx_count_distinct", "", 0, {}, 1},
      {"approx_percentile", "", 3, {"10000"}},
      {"approx_top_k", "", 3, {"5", "10000"}},
      {"approx_top_k_accumulate", "", 2, {"10000"}},
      {"approx_top_k_estimate", "", 2, {"5"}},
      {"array_agg", "collect_list"},
      {"asin", "ASIN"},
      {"asinh", "ASINH"},
      {"atan", "ATAN"},
      {"atan2", "ATAN2"},
      {"atanh", "ATANH"},
      {"bround", "", 2, {"0"}},
      {"cbrt", "CBRT"},
      {"cos", "COS"},
      {"cosh", "COSH"},
      {"cot", "COT"},
      {"csc", "CSC"},
      {"curdate", "current_date"},
      {"current_database", "current_schema"},
      {"dateadd", "date_add"},
      {"degrees", "DEGREES"},
      {"e", "E"},
      {"exp", "EXP"},
      {"expm1", "EXPM1"},
      {"first", "", 0, {}, 1},
      {"first_value", "", 0, {}, 1},
      {"from_csv", "", 0, {}, 1},
      {"from_json", "", 0, {}, 1},
      {"from_unixtime", "", 2, {"yyyy-MM-dd HH:mm:ss"}},
      {"from_xml", "", 0, {}, 1},
      {"hll_sketch_agg", "", 2, {"12"}},
      {"hll_union", "", 3, {"false"}},
      {"hll_union_agg", "", 2, {"false"}},
      {"hypot", "HYPOT"},
      {"lag", "", 3, {"1", "NULL"}},
      {"last", "", 0, {}, 1},
      {"last_value", "", 0, {}, 1},
      {"lead", "", 3, {"1", "NULL"}},
      {"listagg", "", 2, {"NULL"}},
      {"locate", "", 3, {"1"}},
      {"log", "LOG"},
      {"log10", "LOG10"},
      {"log1p", "LOG1P"},
      {"log2", "LOG2"},
      {"lpad", "", 3, {" "}},
      {"make_dt_interval", "", 4, {"0", "0", "0", "0.000000"}},
      {"make_interval", "", 7, {"0", "0", "0", "0", "0", "0", "0.000000"}},
      {"make_ym_interval", "", 2, {"0", "0"}},
      {"mask", "", 5, {"X", "x", "n", "NULL"}},
      {"mode", "", 0, {}, 1},
      {"months_between", "", 3, {"true"}},
      {"overlay", "", 4, {"-1"}},
      {"percentile", "", 3, {"1"}},
      {"percentile_approx", "", 3, {"10000"}},
      {"pi", "PI"},
      {"position", "", 3, {"1"}},
      {"power", "POWER"},
      {"radians", "RADIANS"},
      {"random", "rand"},
      {"regexp", "REGEXP"},
      {"regexp_extract", "", 3, {"1"}},
      {"regexp_extract_all", "", 3, {"1"}},
      {"regexp_instr", "", 3, {"0"}},
      {"regexp_like", "REGEXP_LIKE"},
      {"regexp_replace", "", 4, {"1"}},
      {"rlike", "RLIKE"},
      {"round", "", 2, {"0"}},
      {"rpad", "", 3, {" "}},
      {"schema_of_csv", "", 0, {}, 1},
      {"schema_of_json", "", 0, {}, 1},
      {"schema_of_xml", "", 0, {}, 1},
      {"sec", "SEC"},
      {"sentences", "", 3, {"", ""}},
      {"signum", "SIGNUM"},
      {"sin", "SIN"},
      {"sinh", "SINH"},
      {"sort_array", "", 2, {"true"}},
      {"spark_partition_id", "SPARK_PARTITION_ID"},
      {"split", "", 3, {"-1"}},
      {"sqrt", "SQRT"},
      {"str_to_map", "", 3, {",", ":"}},
      {"string_agg", "", 2, {"NULL"}},
      {"substr", "", 3, {"2147483647"}},
      {"substring", "", 3, {"2147483647"}},
      {"tan", "TAN"},
      {"tanh", "TANH"},
      {"theta_sketch_agg", "", 2, {"12"}},
      {"theta_union", "", 3, {"12"}},
      {"theta_union_agg", "", 2, {"12"}},
      {"to_csv", "", 0, {}, 1},
      {"to_json", "", 0, {}, 1},
      {"to_unix_timestamp", "", 2, {"yyyy-MM-dd HH:mm:ss"}},
      {"to_xml", "", 0, {}, 1},
      {"try_aes_decrypt", "", 5, {"GCM", "DEFAULT", ""}},
      {"try_make_interval", "", 7, {"0", "0", "0", "0", "0", "0", "0.000000"}},
      {"try_make_timestamp", "", 0, {}, 6},
      {"try_make_timestamp_ltz", "", 0, {}, 7},
      {"try_variant_get", "", 0, {}, 2},
      {"unix_timestamp", "", 2, {"current_timestamp()", "yyyy-MM-dd HH:mm:ss"}},
      {"variant_get", "", 0, {}, 2},
  };
  return kRows;
}

}  // namespace

const std::string_view kDefaultComparatorText =
    "lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, "
    "(IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, "
    "(IF((namedlambdavariable() < namedlambdavariable()), -1, (IF((namedlambdavariable() > "
    "namedlambdavariable()), 1, 0)))))))))), namedlambdavariable(), namedlambdavariable())";

std::optional<FunctionText> function_text(std::string_view name) {
  const auto found =
      std::lower_bound(rows().begin(), rows().end(), name,
                       [](const Row& row, std::string_view wanted) { return row.name < wanted; });
  if (found == rows().end() || found->name != name) return std::nullopt;
  return FunctionText{found->shown.empty() ? found->name : found->shown, found->defaults,
                      found->num_parameters, found->num_shown};
}

}  // namespace stream
