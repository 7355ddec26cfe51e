#include <libstream/base/file_system.hpp>
#include <libstream/security/certificate_text.hpp>
#include <libstream/security/private_file.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <ctime>

namespace stream {
namespace {

constexpr std::size_t kMostPemBytes = 256u << 10;

std::string content_of(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<BioHandle> bio_of_file(const std::string& path, std::string& text) {
  STREAM_TRY(text, read_file(local_file_system(), path, kMostPemBytes));
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Keys of nodes are read unattended: one that wants a passphrase is refused, not asked about.
int no_passphrase(char*, int, int, void*) { return -1; }

std::string text_of(const ASN1_OCTET_STRING& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int size = ASN1_STRING_length(&address);
  const int family = size == 4 ? AF_INET : AF_INET6;
  if (size != 4 && size != 16) return "?";
  ::inet_ntop(family, ASN1_STRING_get0_data(&address), text.data(), text.size());
  return text.data();
}

}  // namespace

std::string pem_of(const X509& certificate) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  return content_of(*bio);
}

std::string pem_of(const EVP_PKEY& key) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  return content_of(*bio);
}

Result<CertificateHandle> read_certificate(const std::string& path) {
  std::string text;
  STREAM_TRY(const BioHandle bio, bio_of_file(path, text));
  CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate)
    return fatal(fmt::format("{} holds no certificate in PEM form: {}", path, openssl_error()));
  return certificate;
}

Result<KeyHandle> read_key(const std::string& path) {
  STREAM_TRY(check_private(path));
  std::string text;
  STREAM_TRY(const BioHandle bio, bio_of_file(path, text));
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  OPENSSL_cleanse(text.data(), text.size());
  if (!key) {
    return fatal(fmt::format("{} holds no private key in PEM form without a passphrase: {}", path,
                             openssl_error()));
  }
  return key;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::vector<std::string> hosts_of(const X509& certificate) {
  std::vector<std::string> hosts;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      hosts.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                         static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      hosts.push_back(text_of(*name->d.iPAddress));
    }
  }
  GENERAL_NAMES_free(names);
  return hosts;
}

bool is_for_host(const X509& certificate, const std::string& host) {
  auto* subject = const_cast<X509*>(&certificate);
  if (is_address(host)) return X509_check_ip_asc(subject, host.c_str(), 0) == 1;
  return X509_check_host(subject, host.data(), host.size(),
                         X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                         nullptr) == 1;
}

std::string common_name_of(const X509& certificate) {
  std::array<char, 128> text{};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(&certificate), NID_commonName,
                                             text.data(), static_cast<int>(text.size()));
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "?";
}

std::string end_of(const X509& certificate) {
  std::tm time{};
  ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", time.tm_year + 1900,
                     time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec);
}

}  // namespace stream
