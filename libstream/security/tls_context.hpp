// What a process needs to speak TLS with the nodes of its cluster: its own certificate and key, and
// the one authority that it believes. Loaded once, checked as a whole, then shared; any thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/security/certificate_authority.hpp>

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace stream {

class TlsContext {
 public:
  /// Error: a file is missing, readable by others or no PEM; key, certificate and authority do not
  /// belong together; the certificate has ended.
  static Result<std::shared_ptr<const TlsContext>> load(const TlsFiles& files);

  /// Error: the process's own certificate is not for `host`, so that others would refuse it there.
  Result<void> check_is_for(const std::string& host) const;
  /// The node that the certificate was issued to.
  const std::string& name() const;

  /// OpenSSL's object; for TlsSession.
  ssl_ctx_st* native() const;

  struct Content;
  explicit TlsContext(std::unique_ptr<Content> content);
  ~TlsContext();

 private:
  std::unique_ptr<const Content> content_;
};

}  // namespace stream
