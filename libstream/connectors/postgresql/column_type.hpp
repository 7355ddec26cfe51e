// PostgreSQL's types beside ours: what a column of a table is read as, what a column of rows may be
// written to, and what CREATE TABLE says. Pure functions, any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/schema.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace stream::postgresql {

/// Numbers of built-in types (pg_type.oid); they never change.
namespace oid {
inline constexpr std::uint32_t kBool = 16, kBytea = 17, kChar = 18, kName = 19, kInt8 = 20,
                               kInt2 = 21, kInt4 = 23, kText = 25, kOid = 26, kJson = 114,
                               kFloat4 = 700, kFloat8 = 701, kBpchar = 1042, kVarchar = 1043,
                               kDate = 1082, kTimestamp = 1114, kTimestamptz = 1184,
                               kInterval = 1186, kNumeric = 1700, kUuid = 2950, kJsonb = 3802;
}  // namespace oid

/// A type as the catalogue describes a column's: domains stand for what they are made of.
struct ColumnType {
  std::uint32_t oid = 0;
  std::int32_t modifier = -1;
  std::string name;           ///< format_type's, for messages
  std::uint32_t element = 0;  ///< of an array
  bool is_enum = false;

  bool operator==(const ColumnType&) const = default;
};

/// What a column of that type is read as; nullopt: only as text (SELECT column::text).
std::optional<DataType> type_read_as(const ColumnType& type);

/// The type in CREATE TABLE; error bad_plan: there is none for it.
Result<std::string> type_in_ddl(const DataType& type);

/// May values of `type` go into a column of `target` without losing anything? Scalars widen.
bool can_write(const DataType& type, const ColumnType& target);

/// The number of the array type over a scalar type; 0: not one of ours.
std::uint32_t array_of_oid(std::uint32_t element);
/// The number of the element of such an array; 0: not one of ours.
std::uint32_t element_of_oid(std::uint32_t array);

}  // namespace stream::postgresql
