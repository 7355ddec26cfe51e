#include <libstream/base/file_system.hpp>
#include <libstream/security/certificate_authority.hpp>
#include <libstream/security/certificate_text.hpp>
#include <libstream/security/private_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace stream {
namespace {

constexpr const char* kAuthority = "ca";
constexpr int kSerialBits = 127;
constexpr long kClockSlackSeconds = 300;  // clocks of machines differ
constexpr std::size_t kMostHosts = 64;

std::string certificate_path(const std::string& directory, const std::string& name) {
  return join_path(directory, name + ".pem");
}
std::string key_path(const std::string& directory, const std::string& name) {
  return join_path(directory, name + "-key.pem");
}

Error openssl_failed(std::string_view what) {
  return fatal(fmt::format("cannot make {}: {}", what, openssl_error()));
}

Result<KeyHandle> make_key() {
  KeyHandle key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failed("a key");
  return key;
}

bool add_extension(X509& certificate, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool set_serial(X509& certificate) {
  const NumberHandle number(BN_new());
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

/// Everything but extensions and signature; the issuer is set later.
Result<CertificateHandle> draft(const std::string& name, const KeyHandle& key, int days) {
  CertificateHandle made(X509_new());
  if (!made) return openssl_failed("a certificate");
  X509_NAME* subject = X509_get_subject_name(made.get());
  const auto add_name = [&](const char* field, const std::string& text) {
    return X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
  };
  const bool is_made = X509_set_version(made.get(), X509_VERSION_3) == 1 && set_serial(*made) &&
                       add_name("O", "libstream") && add_name("CN", name) &&
                       X509_gmtime_adj(X509_getm_notBefore(made.get()), -kClockSlackSeconds) &&
                       X509_time_adj_ex(X509_getm_notAfter(made.get()), days, 0, nullptr) &&
                       X509_set_pubkey(made.get(), key.get()) == 1;
  if (!is_made) return openssl_failed("a certificate");
  return made;
}

Result<void> sign(X509& certificate, X509& issuer, const KeyHandle& key,
                  const std::vector<std::pair<int, std::string>>& extensions) {
  X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer));
  for (const auto& [kind, value] : extensions) {
    if (!add_extension(certificate, issuer, kind, value)) return openssl_failed("a certificate");
  }
  if (X509_sign(&certificate, key.get(), EVP_sha256()) == 0) return openssl_failed("a certificate");
  return {};
}

Result<void> check_days(int days) {
  if (days >= 1 && days <= 36500) return {};
  return bad_option(fmt::format("{} days: a certificate is good for 1 to 36500 days", days));
}

Result<void> check_name(const std::string& name) {
  const auto is_fine = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  };
  const bool is_good = !name.empty() && name.size() <= 64 && name[0] != '.' && name[0] != '-' &&
                       std::all_of(name.begin(), name.end(), is_fine);
  if (!is_good) {
    return bad_option(
        fmt::format("'{}' is no name for a node: write letters, digits, '-', '_' and '.'", name));
  }
  if (name == kAuthority || name.ends_with("-key"))
    return bad_option(fmt::format("'{}' would name a file of another; take another name", name));
  return {};
}

Result<std::string> alternative_name(const std::string& host) {
  if (is_address(host)) return "IP:" + host;
  const auto is_fine = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '.'; };
  const bool is_name = !host.empty() && host.size() <= 253 && host[0] != '.' && host[0] != '-' &&
                       std::all_of(host.begin(), host.end(), is_fine);
  if (is_name) return "DNS:" + host;
  return bad_option(fmt::format(
      "'{}' is no host: write a name or an address at which others reach the node, by --host",
      host));
}

Result<std::string> alternative_names(const CertificateRequest& request) {
  const std::vector<std::string> hosts =
      request.hosts.empty() ? std::vector{request.name} : request.hosts;
  if (hosts.size() > kMostHosts)
    return bad_option(fmt::format("a certificate is for at most {} hosts", kMostHosts));
  std::string names;
  for (const std::string& host : hosts) {
    STREAM_TRY(const std::string name, alternative_name(host));
    if (!names.empty()) names += ",";
    names += name;
  }
  return names;
}

struct Authority {
  CertificateHandle certificate;
  KeyHandle key;
};

Result<Authority> read_authority(const std::string& directory) {
  const std::string path = certificate_path(directory, kAuthority);
  STREAM_TRY(const bool is_there, local_file_system().exists(path));
  if (!is_there) {
    return bad_option(
        fmt::format("{} holds no authority; make one with: streamctl cluster init-ca --dir {}",
                    directory, directory));
  }
  Authority authority;
  STREAM_TRY(authority.certificate, read_certificate(path));
  STREAM_TRY(authority.key, read_key(key_path(directory, kAuthority)));
  if (X509_check_private_key(authority.certificate.get(), authority.key.get()) != 1)
    return fatal(fmt::format("{} and its key do not belong together", path));
  if (X509_cmp_current_time(X509_get0_notAfter(authority.certificate.get())) <= 0) {
    return fatal(fmt::format("the authority {} ended on {}; make another in a new directory", path,
                             end_of(*authority.certificate)));
  }
  return authority;
}

Result<void> refuse_present(const std::vector<std::string>& paths, std::string_view advice) {
  for (const std::string& path : paths) {
    STREAM_TRY(const bool is_there, local_file_system().exists(path));
    if (is_there) return bad_option(fmt::format("{} exists; {}", path, advice));
  }
  return {};
}

/// The key first: a certificate without a key is what the next call would refuse to replace.
Result<void> write_pair(const std::string& directory, const std::string& name,
                        const CertificateHandle& certificate, const KeyHandle& key,
                        bool is_replacing) {
  std::string text = pem_of(*key);
  Result<void> written =
      write_new_file(key_path(directory, name), text, FileReaders::owner, is_replacing);
  OPENSSL_cleanse(text.data(), text.size());
  STREAM_TRY(std::move(written));
  return write_new_file(certificate_path(directory, name), pem_of(*certificate),
                        FileReaders::everybody, is_replacing);
}

}  // namespace

Result<void> make_authority(const AuthorityRequest& request) {
  STREAM_TRY(check_days(request.days));
  if (!request.is_replacing) {
    STREAM_TRY(refuse_present(
        {certificate_path(request.directory, kAuthority), key_path(request.directory, kAuthority)},
        "nodes trust it: give another directory, or --replace and issue all certificates anew"));
  }
  STREAM_TRY(local_file_system().create_directories(request.directory));
  STREAM_TRY(const KeyHandle key, make_key());
  STREAM_TRY(const CertificateHandle made, draft("libstream cluster", key, request.days));
  STREAM_TRY(sign(*made, *made, key,
                  {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                   {NID_key_usage, "critical,keyCertSign,cRLSign"},
                   {NID_subject_key_identifier, "hash"}}));
  return write_pair(request.directory, kAuthority, made, key, request.is_replacing);
}

Result<TlsFiles> issue_certificate(const CertificateRequest& request) {
  STREAM_TRY(check_days(request.days));
  STREAM_TRY(check_name(request.name));
  STREAM_TRY(const std::string names, alternative_names(request));
  const TlsFiles files{certificate_path(request.directory, request.name),
                       key_path(request.directory, request.name),
                       certificate_path(request.directory, kAuthority)};
  STREAM_TRY(const Authority authority, read_authority(request.directory));
  if (!request.is_replacing) {
    STREAM_TRY(refuse_present({files.certificate, files.key},
                              "give another name, or --replace to issue it anew"));
  }
  STREAM_TRY(const KeyHandle key, make_key());
  STREAM_TRY(const CertificateHandle made, draft(request.name, key, request.days));
  const ASN1_TIME* last = X509_get0_notAfter(authority.certificate.get());
  if (ASN1_TIME_compare(X509_get0_notAfter(made.get()), last) > 0)
    X509_set1_notAfter(made.get(), last);
  STREAM_TRY(sign(*made, *authority.certificate, authority.key,
                  {{NID_basic_constraints, "critical,CA:FALSE"},
                   {NID_key_usage, "critical,digitalSignature"},
                   {NID_ext_key_usage, "serverAuth,clientAuth"},
                   {NID_subject_key_identifier, "hash"},
                   {NID_authority_key_identifier, "keyid:always"},
                   {NID_subject_alt_name, names}}));
  STREAM_TRY(write_pair(request.directory, request.name, made, key, request.is_replacing));
  return files;
}

TlsFiles with_neighbours(TlsFiles files) {
  constexpr std::string_view kEnding = ".pem";
  if (files.certificate.ends_with(kEnding) && files.key.empty()) {
    files.key = files.certificate.substr(0, files.certificate.size() - kEnding.size());
    files.key += "-key.pem";
  }
  if (!files.certificate.empty() && files.authority.empty())
    files.authority = certificate_path(parent_path(files.certificate), kAuthority);
  return files;
}

}  // namespace stream
