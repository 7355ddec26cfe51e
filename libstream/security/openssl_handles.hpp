// Owners of OpenSSL's objects, and its errors as text. Included by the .cpp files of this folder
// only; any thread, for OpenSSL's error queue is each thread's own.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace stream {

template <auto free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

using KeyHandle = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using CertificateHandle = std::unique_ptr<X509, OpensslFree<X509_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>>;
using BioHandle = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using NumberHandle = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;

/// What OpenSSL has to say about its last failure; forgets it.
inline std::string openssl_error() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (reason == nullptr) continue;
    if (!text.empty()) text += ", ";
    text += reason;
  }
  return text.empty() ? "no reason given" : text;
}

}  // namespace stream
