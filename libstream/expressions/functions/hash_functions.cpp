#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/row_hash.hpp>
#include <libstream/expressions/functions/signature.hpp>

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>

namespace stream {

namespace {

using enum TypeKind;

bool holds(const DataType& type, TypeKind kind) {
  return type.kind == kind ||
         std::any_of(type.children.begin(), type.children.end(),
                     [kind](const Field& field) { return holds(field.type, kind); });
}

template <class Hash>
ScalarFunction hashing(std::string name, std::string usage, TypeKind result,
                       void (*hash_rows_of)(const Operand&, std::span<Hash>)) {
  ScalarFunction made{name, "hash", std::move(usage), 0, kAnyNumber, {}, {}, {}, true, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings& settings) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    if (arguments.empty())
      return analysis_error(
          "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
          "The `" + name + "` requires > 0 parameters but the actual number is 0.");
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (holds(arguments[i].type, map) &&
          !settings.get_flag("spark.sql.legacy.allowHashOnMapType", false))
        return analysis_error("DATATYPE_MISMATCH.HASH_MAP_TYPE",
                              "Input to the function `" + name +
                                  "` cannot contain elements of the \"MAP\" type. In Spark, same "
                                  "maps may have different hashcode, thus hash expressions are "
                                  "prohibited on \"MAP\" elements.");
      if (holds(arguments[i].type, variant))
        return analysis_error("DATATYPE_MISMATCH.HASH_VARIANT_TYPE",
                              "Input to the function `" + name +
                                  "` cannot contain elements of the \"VARIANT\" type yet.");
      resolved.parameter_types.push_back(arguments[i].type);
    }
    resolved.type = primitive(result);
    resolved.is_nullable = false;
    resolved.can_fail = false;
    resolved.nulls = NullHandling::custom;
    resolved.kernel = [hash_rows_of](const KernelInput& input) -> Result<Column> {
      std::vector<Hash> hashes(input.num_rows, Hash{kHashSeed});
      for (const Operand& argument : input.arguments) hash_rows_of(argument, hashes);
      ColumnBuilder builder(input.type, input.context.pool);
      for (const Hash hash : hashes) builder.append(hash);
      return builder.finish();
    };
    return resolved;
  };
  return made;
}

std::string digest(const EVP_MD* algorithm, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), out, &size, algorithm, nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[out[i] >> 4];
    text += kDigits[out[i] & 15];
  }
  return text;
}

std::optional<std::string> sha2(std::string_view bytes, std::int32_t bits) {
  switch (bits) {
    case 224:
      return digest(EVP_sha224(), bytes);
    case 0:
    case 256:
      return digest(EVP_sha256(), bytes);
    case 384:
      return digest(EVP_sha384(), bytes);
    case 512:
      return digest(EVP_sha512(), bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace

void add_hash_functions(FunctionRegistry& registry) {
  registry.add(
      hashing<std::int32_t>("hash", "hash(value, …) - Murmur3 of the values", int32, murmur3_rows));
  registry.add(hashing<std::int64_t>("xxhash64", "xxhash64(value, …) - XXH64 of the values", int64,
                                     xxhash64_rows));
  add_fixed(
      registry,
      {{"md5",
        "hash",
        "md5(bytes) - MD5 in hexadecimal",
        {binary},
        string,
        row_kernel([](std::string_view bytes) { return digest(EVP_md5(), bytes); })},
       {"sha1",
        "hash",
        "sha1(bytes) - SHA-1 in hexadecimal",
        {binary},
        string,
        row_kernel([](std::string_view bytes) { return digest(EVP_sha1(), bytes); })},
       {"sha2",
        "hash",
        "sha2(bytes, bits) - SHA-2 of 224, 256, 384 or 512 bits",
        {binary, int32},
        string,
        row_kernel([](std::string_view bytes, std::int32_t bits) { return sha2(bytes, bits); }),
        {},
        false,
        true},
       {"crc32",
        "hash",
        "crc32(bytes) - cyclic redundancy check",
        {binary},
        int64,
        row_kernel([](std::string_view bytes) {
          return static_cast<std::int64_t>(
              crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
        })}});
  registry.add_alias("sha", "sha1");
}

}  // namespace stream
