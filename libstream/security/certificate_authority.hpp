// A private authority for the nodes of one cluster, as files of a directory: ca.pem, ca-key.pem
// and, for each node NAME, NAME.pem and NAME-key.pem. Called by `streamctl cluster
// init-ca|issue-cert`; any thread. Keys are readable by their owner only; nothing is replaced
// without being told.
#pragma once

#include <libstream/base/result.hpp>

#include <string>
#include <vector>

namespace stream {

struct AuthorityRequest {
  std::string directory;
  int days = 3650;
  bool is_replacing = false;
};

/// Makes ca.pem and ca-key.pem. Error: there is an authority already, or a file cannot be written.
Result<void> make_authority(const AuthorityRequest& request);

struct CertificateRequest {
  std::string directory;           ///< of the authority
  std::string name;                ///< of the node, and of its files
  std::vector<std::string> hosts;  ///< where others reach it: names or addresses; none: `name`
  int days = 825;                  ///< at most as long as the authority's
  bool is_replacing = false;
};

/// Paths of what a process shows to its peers and what it measures theirs by.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string authority;
};

/// Makes NAME.pem, good for both ends of a connection, and NAME-key.pem. Error: no authority in
/// the directory, a name or host that cannot be, or the files exist.
Result<TlsFiles> issue_certificate(const CertificateRequest& request);

/// The other two files, where they are not named, are those that issue_certificate puts beside the
/// certificate.
TlsFiles with_neighbours(TlsFiles files);

}  // namespace stream
