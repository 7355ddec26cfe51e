#include <tests/cluster/hostile_peer.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace stream::testing {

HostileTls::HostileTls(const std::string& certificate, const std::string& key)
    : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
  if (certificate.empty()) return;
  if (SSL_CTX_use_certificate_chain_file(context_, certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw std::runtime_error("cannot load " + certificate);
}

HostileTls::~HostileTls() { SSL_CTX_free(context_); }

HostilePeer::HostilePeer(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval longest{20, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect to the node");
}

HostilePeer::~HostilePeer() {
  SSL_free(session_);
  ::close(socket_);
}

void HostilePeer::send(const std::string& bytes) {
  // The node may have gone already: that is for is_sent_away to see.
  if (session_ != nullptr) {
    SSL_write(session_, bytes.data(), static_cast<int>(bytes.size()));
  } else if (::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
    return;
  }
}

bool HostilePeer::shake_hands(const HostileTls& tls) {
  session_ = SSL_new(tls.native());
  SSL_set_fd(session_, socket_);
  return SSL_connect(session_) == 1;
}

long HostilePeer::read_some(char* into, std::size_t size) {
  if (session_ == nullptr) return ::recv(socket_, into, size, 0);
  errno = 0;
  return SSL_read(session_, into, static_cast<int>(size));
}

bool HostilePeer::receive(std::size_t count) {
  std::array<char, 4096> bytes;
  while (count > 0) {
    const long size = read_some(bytes.data(), std::min(count, bytes.size()));
    if (size <= 0) return false;
    count -= static_cast<std::size_t>(size);
  }
  return true;
}

bool HostilePeer::is_sent_away() {
  std::array<char, 4096> bytes;
  long size = 0;
  do {
    size = read_some(bytes.data(), bytes.size());
  } while (size > 0);
  return size == 0 || errno != EAGAIN;
}

}  // namespace stream::testing
