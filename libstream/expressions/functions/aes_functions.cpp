#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/case_mapping.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/xor_shift_random.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <memory>

namespace stream {

namespace {

using enum TypeKind;

enum class Mode { gcm, ecb, cbc };

constexpr std::size_t kTagBytes = 16;

std::size_t iv_bytes(Mode mode) { return mode == Mode::gcm ? 12 : mode == Mode::cbc ? 16 : 0; }

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

Error crypto_error(std::string_view detail) {
  return runtime_error("INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR",
                       fmt::format("The value of parameter(s) `expr`, `key` in `aes_encrypt`, "
                                   "`aes_decrypt` is invalid: Detail message: {}",
                                   detail));
}

Result<const EVP_CIPHER*> cipher_for(std::size_t key_bytes, Mode mode) {
  const auto pick = [&](auto gcm, auto ecb, auto cbc) {
    return mode == Mode::gcm ? gcm() : mode == Mode::ecb ? ecb() : cbc();
  };
  switch (key_bytes) {
    case 16:
      return pick(EVP_aes_128_gcm, EVP_aes_128_ecb, EVP_aes_128_cbc);
    case 24:
      return pick(EVP_aes_192_gcm, EVP_aes_192_ecb, EVP_aes_192_cbc);
    case 32:
      return pick(EVP_aes_256_gcm, EVP_aes_256_ecb, EVP_aes_256_cbc);
    default:
      return runtime_error("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH",
                           fmt::format("The value of parameter(s) `key` in the `aes_encrypt`/"
                                       "`aes_decrypt` is invalid: expects a binary value with 16, "
                                       "24 or 32 bytes, but got {} bytes.",
                                       key_bytes));
  }
}

Result<Mode> mode_of(std::string_view mode, std::string_view padding) {
  const std::string m = to_upper(mode);
  const std::string p = to_upper(padding);
  if (m == "GCM" && (p == "NONE" || p == "DEFAULT")) return Mode::gcm;
  if (m == "ECB" && (p == "PKCS" || p == "DEFAULT")) return Mode::ecb;
  if (m == "CBC" && (p == "PKCS" || p == "DEFAULT")) return Mode::cbc;
  return runtime_error("UNSUPPORTED_FEATURE.AES_MODE",
                       fmt::format("The feature is not supported: AES-{} with the padding {} by "
                                   "the `aes_encrypt`/`aes_decrypt` function.",
                                   mode, padding));
}

/// One pass of the cipher over `input`; the tag of GCM is behind the text.
Result<std::string> run_cipher(bool encrypts, Mode mode, std::string_view input,
                               std::string_view key, std::string_view iv, std::string_view aad) {
  STREAM_TRY(const EVP_CIPHER* cipher, cipher_for(key.size(), mode));
  const Context context(EVP_CIPHER_CTX_new());
  std::string_view tag;
  if (mode == Mode::gcm && !encrypts) {
    if (input.size() < kTagBytes) return crypto_error("Input data too short");
    tag = input.substr(input.size() - kTagBytes);
    input.remove_suffix(kTagBytes);
  }
  std::string output(input.size() + 32, '\0');
  auto* out = reinterpret_cast<unsigned char*>(output.data());
  int size = 0;
  int last = 0;
  bool is_ok = EVP_CipherInit_ex(context.get(), cipher, nullptr, bytes_of(key),
                                 iv.empty() ? nullptr : bytes_of(iv), encrypts ? 1 : 0) == 1;
  if (mode == Mode::gcm && !aad.empty())
    is_ok = is_ok && EVP_CipherUpdate(context.get(), nullptr, &size, bytes_of(aad),
                                      static_cast<int>(aad.size())) == 1;
  if (!tag.empty()) {
    std::string copy(tag);
    is_ok = is_ok && EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG,
                                         static_cast<int>(kTagBytes), copy.data()) == 1;
  }
  is_ok = is_ok && EVP_CipherUpdate(context.get(), out, &size, bytes_of(input),
                                    static_cast<int>(input.size())) == 1;
  is_ok = is_ok && EVP_CipherFinal_ex(context.get(), out + size, &last) == 1;
  if (!is_ok)
    return crypto_error(tag.empty() ? "Given final block not properly padded" : "Tag mismatch");
  output.resize(static_cast<std::size_t>(size + last));
  if (mode == Mode::gcm && encrypts) {
    std::string made(kTagBytes, '\0');
    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes),
                        made.data());
    output += made;
  }
  return output;
}

std::string random_bytes(EvaluationContext& context, std::string_view input, std::size_t count) {
  XorShiftRandom random(static_cast<std::int64_t>(
      context.seed ^
      (std::hash<std::string_view>()(input) + static_cast<std::uint64_t>(context.rows_before))));
  std::string bytes;
  while (bytes.size() < count) bytes += static_cast<char>(random.next_int() >> 8);
  return bytes;
}

Result<std::string> encrypt(EvaluationContext& context, std::string_view input,
                            std::string_view key, std::string_view mode_name,
                            std::string_view padding, std::string_view iv, std::string_view aad) {
  STREAM_TRY(const Mode mode, mode_of(mode_name, padding));
  if (!iv.empty() && mode == Mode::ecb)
    return runtime_error("UNSUPPORTED_FEATURE.AES_MODE_IV",
                         "The feature is not supported: `aes_encrypt` with ECB does not support "
                         "initialization vectors (IVs).");
  if (!aad.empty() && mode != Mode::gcm)
    return runtime_error("UNSUPPORTED_FEATURE.AES_MODE_AAD",
                         "The feature is not supported: `aes_encrypt` does not support additional "
                         "authenticated data (AAD) in this mode.");
  if (!iv.empty() && iv.size() != iv_bytes(mode))
    return runtime_error("INVALID_PARAMETER_VALUE.AES_IV_LENGTH",
                         fmt::format("The value of parameter(s) `iv` in the `aes_encrypt` is "
                                     "invalid: supports {}-byte CBC IVs and 12-byte GCM IVs, but "
                                     "got {} bytes.",
                                     16, iv.size()));
  const std::string used =
      iv.empty() ? random_bytes(context, input, iv_bytes(mode)) : std::string(iv);
  STREAM_TRY(const std::string text, run_cipher(true, mode, input, key, used, aad));
  return used + text;
}

Result<std::string> decrypt(std::string_view input, std::string_view key,
                            std::string_view mode_name, std::string_view padding,
                            std::string_view aad) {
  STREAM_TRY(const Mode mode, mode_of(mode_name, padding));
  if (!aad.empty() && mode != Mode::gcm)
    return runtime_error("UNSUPPORTED_FEATURE.AES_MODE_AAD",
                         "The feature is not supported: `aes_decrypt` does not support additional "
                         "authenticated data (AAD) in this mode.");
  if (input.size() < iv_bytes(mode)) return crypto_error("Input data too short");
  return run_cipher(false, mode, input.substr(iv_bytes(mode)), key, input.substr(0, iv_bytes(mode)),
                    aad);
}

}  // namespace

void add_aes_functions(FunctionRegistry& registry) {
  const Value gcm{std::string("GCM")};
  const Value standard{std::string("DEFAULT")};
  const Value nothing{std::string()};
  const auto decrypt_row = [](std::string_view input, std::string_view key, std::string_view mode,
                              std::string_view padding, std::string_view aad) {
    return decrypt(input, key, mode, padding, aad);
  };
  add_fixed(registry,
            {{"aes_encrypt",
              "misc",
              "aes_encrypt(bytes, key[, mode[, padding[, iv[, aad]]]]) - encrypted with AES",
              {binary, binary, string, string, binary, binary},
              binary,
              row_kernel([](EvaluationContext& context, std::string_view input,
                            std::string_view key, std::string_view mode, std::string_view padding,
                            std::string_view iv, std::string_view aad) {
                return encrypt(context, input, key, mode, padding, iv, aad);
              }),
              {gcm, standard, nothing, nothing},
              true},
             {"aes_decrypt",
              "misc",
              "aes_decrypt(bytes, key[, mode[, padding[, aad]]]) - decrypted with AES",
              {binary, binary, string, string, binary},
              binary,
              row_kernel(decrypt_row),
              {gcm, standard, nothing},
              true},
             {"try_aes_decrypt",
              "misc",
              "try_aes_decrypt(bytes, key[, mode[, padding[, aad]]]) - aes_decrypt, or null",
              {binary, binary, string, string, binary},
              binary,
              row_kernel([decrypt_row](std::string_view input, std::string_view key,
                                       std::string_view mode, std::string_view padding,
                                       std::string_view aad) -> std::optional<std::string> {
                Result<std::string> text = decrypt_row(input, key, mode, padding, aad);
                if (!text) return std::nullopt;
                return std::move(*text);
              }),
              {gcm, standard, nothing},
              false,
              true}});
}

}  // namespace stream
