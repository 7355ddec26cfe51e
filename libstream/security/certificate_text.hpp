// Keys and certificates as PEM files, and what is read off a certificate. Used by the authority and
// by TlsContext; OpenSSL's types stay in this folder. Any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/security/openssl_handles.hpp>

#include <string>
#include <vector>

namespace stream {

std::string pem_of(const X509& certificate);
std::string pem_of(const EVP_PKEY& key);
Result<CertificateHandle> read_certificate(const std::string& path);
/// Error: it is no key, it wants a passphrase, or others may read the file.
Result<KeyHandle> read_key(const std::string& path);

/// Whether `host` is a numeric address, as opposed to a name.
bool is_address(const std::string& host);
/// The hosts that the certificate is for.
std::vector<std::string> hosts_of(const X509& certificate);
bool is_for_host(const X509& certificate, const std::string& host);
std::string common_name_of(const X509& certificate);
/// "2027-01-31 08:00:00 UTC".
std::string end_of(const X509& certificate);

}  // namespace stream
