#include <libstream/security/certificate_text.hpp>
#include <libstream/security/tls_session.hpp>

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>

namespace stream {
namespace {

// OpenSSL's own socket BIO raises SIGPIPE when the peer has gone; this one does not.
int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

int moved(BIO* bio, ssize_t result, int retry_flag) {
  BIO_clear_retry_flags(bio);
  if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(result);
}

int send_bytes(BIO* bio, const char* bytes, int size) {
  return moved(bio, ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL),
               BIO_FLAGS_WRITE);
}

int receive_bytes(BIO* bio, char* into, int size) {
  return moved(bio, ::recv(socket_of(bio), into, static_cast<std::size_t>(size), 0),
               BIO_FLAGS_READ);
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* quiet_socket() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quiet socket");
    BIO_meth_set_write(made, send_bytes);
    BIO_meth_set_read(made, receive_bytes);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

int length_for_openssl(std::size_t size) {
  return static_cast<int>(
      std::min(size, static_cast<std::size_t>(std::numeric_limits<int>::max())));
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int socket)
    : context_(std::move(context)), session_(SSL_new(context_->native())) {
  BIO* bio = BIO_new(quiet_socket());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
  SSL_set_accept_state(session_.get());
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, int socket,
                       const std::string& host)
    : TlsSession(std::move(context), socket) {
  SSL_set_connect_state(session_.get());
  X509_VERIFY_PARAM* wanted = SSL_get0_param(session_.get());
  X509_VERIFY_PARAM_set_hostflags(
      wanted, X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
    SSL_set_tlsext_host_name(session_.get(), host.c_str());
  }
}

TlsSession::~TlsSession() = default;

TlsSession::Step TlsSession::handshake() {
  ERR_clear_error();
  const Step step = step_of(SSL_do_handshake(session_.get()));
  if (step == Step::failed) note_fault();
  return step;
}

TlsSession::Moved TlsSession::read(std::span<char> into) {
  ERR_clear_error();
  const int result = SSL_read(session_.get(), into.data(), length_for_openssl(into.size()));
  const Step step = step_of(result);
  // With TLS 1.3 a client learns here that the server did not want its certificate.
  if (step == Step::failed) note_fault();
  return {step, step == Step::done ? static_cast<std::size_t>(result) : 0};
}

TlsSession::Moved TlsSession::write(std::span<const char> bytes) {
  ERR_clear_error();
  const int result = SSL_write(session_.get(), bytes.data(), length_for_openssl(bytes.size()));
  const Step step = step_of(result);
  return {step, step == Step::done ? static_cast<std::size_t>(result) : 0};
}

std::size_t TlsSession::num_pending() const {
  return static_cast<std::size_t>(SSL_pending(session_.get()));
}

std::string TlsSession::peer_name() const {
  const X509* certificate = SSL_get0_peer_certificate(session_.get());
  return certificate == nullptr ? "?" : common_name_of(*certificate);
}

TlsSession::Step TlsSession::step_of(int result) {
  if (result > 0) return Step::done;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Step::wait_readable;
    case SSL_ERROR_WANT_WRITE:
      return Step::wait_writable;
    default:
      return Step::failed;
  }
}

void TlsSession::note_fault() {
  const unsigned long error = ERR_peek_error();
  const long verified = SSL_get_verify_result(session_.get());
  if (verified != X509_V_OK) {
    fault_ = HandshakeFault::wrong_certificate;
    reason_ = X509_verify_cert_error_string(verified);
  } else if (ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    fault_ = HandshakeFault::no_certificate;
    reason_ = "no certificate";
  } else if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) > SSL_AD_REASON_OFFSET) {
    fault_ = HandshakeFault::refused;
    reason_ = openssl_error();
  } else {
    fault_ = HandshakeFault::broken;
    reason_ = error == 0 ? "the connection ended" : openssl_error();
  }
  ERR_clear_error();
}

}  // namespace stream
