#include <libstream/security/certificate_text.hpp>
#include <libstream/security/tls_context.hpp>

#include <fmt/format.h>
#include <openssl/ssl.h>

namespace stream {
namespace {

using ContextHandle = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;
using StoreHandle = std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>>;
using CheckHandle = std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>>;

// A chain of ours is two small certificates; nobody may make us read more.
constexpr long kMostChainBytes = 16L << 10;

Error setup_failed() { return fatal(fmt::format("cannot set up TLS: {}", openssl_error())); }

Result<void> check_all_given(const TlsFiles& files) {
  const char* missing = files.certificate.empty() ? "certificate"
                        : files.key.empty()       ? "key"
                        : files.authority.empty() ? "ca"
                                                  : nullptr;
  if (missing == nullptr) return {};
  return bad_option(fmt::format(
      "certificate, key and ca go together, and {} is missing; streamctl cluster issue-cert makes "
      "all three",
      missing));
}

/// Would peers that believe the same authority take it?
Result<void> check_chain(X509& certificate, X509& authority, const TlsFiles& files) {
  const StoreHandle store(X509_STORE_new());
  const CheckHandle check(X509_STORE_CTX_new());
  if (!store || !check || X509_STORE_add_cert(store.get(), &authority) != 1 ||
      X509_STORE_CTX_init(check.get(), store.get(), &certificate, nullptr) != 1)
    return setup_failed();
  if (X509_verify_cert(check.get()) == 1) return {};
  const int reason = X509_STORE_CTX_get_error(check.get());
  if (reason == X509_V_ERR_CERT_HAS_EXPIRED) {
    return fatal(fmt::format(
        "the certificate {} ended on {}; issue it anew: streamctl cluster issue-cert … --replace",
        files.certificate, end_of(certificate)));
  }
  return fatal(fmt::format("the certificate {} is not good under the authority {}: {}",
                           files.certificate, files.authority,
                           X509_verify_cert_error_string(reason)));
}

bool restrict(SSL_CTX& context) {
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(&context, kMostChainBytes);
  SSL_CTX_set_mode(&context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                 SSL_MODE_RELEASE_BUFFERS);
  return SSL_CTX_set_min_proto_version(&context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_num_tickets(&context, 0) == 1;
}

}  // namespace

struct TlsContext::Content {
  ContextHandle context;
  CertificateHandle certificate;
  std::string path;
  std::string name;
};

Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsFiles& files) {
  STREAM_TRY(check_all_given(files));
  auto content = std::make_unique<Content>();
  STREAM_TRY(content->certificate, read_certificate(files.certificate));
  STREAM_TRY(const CertificateHandle authority, read_certificate(files.authority));
  STREAM_TRY(const KeyHandle key, read_key(files.key));
  X509& certificate = *content->certificate;
  if (X509_check_private_key(&certificate, key.get()) != 1) {
    return fatal(fmt::format("the key {} is not the one of the certificate {}", files.key,
                             files.certificate));
  }
  STREAM_TRY(check_chain(certificate, *authority, files));
  content->context.reset(SSL_CTX_new(TLS_method()));
  SSL_CTX* context = content->context.get();
  const bool is_set = context != nullptr&& restrict(*context) &&
                      SSL_CTX_use_certificate(context, &certificate) == 1 &&
                      SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
                      X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) == 1;
  if (!is_set) return setup_failed();
  content->path = files.certificate;
  content->name = common_name_of(certificate);
  return std::make_shared<const TlsContext>(std::move(content));
}

Result<void> TlsContext::check_is_for(const std::string& host) const {
  if (is_for_host(*content_->certificate, host)) return {};
  return bad_option(fmt::format(
      "the certificate {} is for {}, not for {}: others would refuse it; issue one with: "
      "streamctl cluster issue-cert {} --host {}",
      content_->path, fmt::join(hosts_of(*content_->certificate), ", "), host, content_->name,
      host));
}

const std::string& TlsContext::name() const { return content_->name; }

ssl_ctx_st* TlsContext::native() const { return content_->context.get(); }

TlsContext::TlsContext(std::unique_ptr<Content> content) : content_(std::move(content)) {}
TlsContext::~TlsContext() = default;

}  // namespace stream
