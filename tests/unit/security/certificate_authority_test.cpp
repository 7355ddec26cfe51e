#include <libstream/base/file_system.hpp>
#include <libstream/security/certificate_authority.hpp>
#include <libstream/security/tls_context.hpp>
#include <tests/cluster/child_process.hpp>
#include <tests/kit/catch.hpp>

#include <sys/stat.h>

using namespace stream;
using Catch::Matchers::ContainsSubstring;
using stream::testing::TemporaryDirectory;

namespace {

std::string content(const std::string& path) { return *read_file(local_file_system(), path); }

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

TlsFiles issue(const std::string& directory, const std::string& name,
               std::vector<std::string> hosts = {}) {
  return value_or_throw(issue_certificate({directory, name, std::move(hosts), 30, false}));
}

}  // namespace

TEST_CASE("an authority's certificates are good for their hosts only") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  const TlsFiles files = issue(directory / "tls", "a", {"10.77.0.1", "node-a.example"});
  CHECK(mode_of(files.key) == 0600);
  CHECK(mode_of(directory / "tls/ca-key.pem") == 0600);
  CHECK(mode_of(files.certificate) == 0644);
  const auto context = value_or_throw(TlsContext::load(files));
  CHECK(context->name() == "a");
  CHECK(context->check_is_for("10.77.0.1"));
  CHECK(context->check_is_for("node-a.example"));
  CHECK_THAT(context->check_is_for("10.77.0.2").error().message(),
             ContainsSubstring("is for 10.77.0.1, node-a.example, not for 10.77.0.2"));
  CHECK_FALSE(context->check_is_for("a"));
}

TEST_CASE("a certificate for nothing but a name is for that name") {
  const TemporaryDirectory directory;
  REQUIRE(make_authority({directory / "tls", 30, false}));
  CHECK(
      value_or_throw(TlsContext::load(issue(directory / "tls", "node-7")))->check_is_for("node-7"));
}

TEST_CASE("nothing that exists is replaced without being told") {
  const TemporaryDirectory directory;
  const std::string tls = directory / "tls";
  REQUIRE(make_authority({tls, 30, false}));
  const std::string key = content(tls + "/ca-key.pem");
  CHECK_THAT(make_authority({tls, 30, false}).error().message(), ContainsSubstring("--replace"));
  CHECK(content(tls + "/ca-key.pem") == key);
  const TlsFiles files = issue(tls, "a");
  const std::string certificate = content(files.certificate);
  CHECK_THAT(issue_certificate({tls, "a", {}, 30, false}).error().message(),
             ContainsSubstring("--replace"));
  CHECK(content(files.certificate) == certificate);
  REQUIRE(issue_certificate({tls, "a", {}, 30, true}));
  CHECK(content(files.certificate) != certificate);
  CHECK(TlsContext::load(files));

  REQUIRE(make_authority({tls, 30, true}));
  CHECK(content(tls + "/ca-key.pem") != key);
  CHECK_THAT(TlsContext::load(files).error().message(), ContainsSubstring("is not good under"));
}

TEST_CASE("what cannot be issued says why") {
  const TemporaryDirectory directory;
  const std::string tls = directory / "tls";
  CHECK_THAT(issue_certificate({tls, "a", {}, 30, false}).error().message(),
             ContainsSubstring("streamctl cluster init-ca --dir"));
  REQUIRE(make_authority({tls, 30, false}));
  for (const std::string name : {"", "ca", "a-key", "../a", ".a", "a b", "-a"})
    CHECK_FALSE(issue_certificate({tls, name, {}, 30, false}));
  for (const std::string host : {"", "*.example", "a,DNS:b", "a b"})
    CHECK_FALSE(issue_certificate({tls, "a", {host}, 30, false}));
  CHECK_FALSE(issue_certificate({tls, "a", {}, 0, false}));
  CHECK_FALSE(make_authority({tls, 40'000, true}));
}

TEST_CASE("files that do not belong together, or that others may read, are refused") {
  const TemporaryDirectory directory;
  const std::string tls = directory / "tls";
  REQUIRE(make_authority({tls, 30, false}));
  const TlsFiles a = issue(tls, "a");
  const TlsFiles b = issue(tls, "b");
  const auto message = [](const TlsFiles& files) {
    return TlsContext::load(files).error().message();
  };
  CHECK_THAT(message({a.certificate, b.key, a.authority}), ContainsSubstring("is not the one of"));
  CHECK_THAT(message({a.certificate, "", a.authority}), ContainsSubstring("key is missing"));
  CHECK_THAT(message({a.key, a.key, a.authority}), ContainsSubstring("holds no certificate"));
  CHECK_THAT(message({tls + "/c.pem", a.key, a.authority}), ContainsSubstring("no such file"));
  REQUIRE(::chmod(a.key.c_str(), 0640) == 0);
  CHECK_THAT(message(a), ContainsSubstring("chmod 600"));
}

TEST_CASE("the key and the authority are found beside the certificate") {
  const TlsFiles files = with_neighbours({"tls/a.pem", "", ""});
  CHECK(files.key == "tls/a-key.pem");
  CHECK(files.authority == "tls/ca.pem");
  CHECK(with_neighbours({"tls/a.pem", "k", "c"}).key == "k");
  CHECK(with_neighbours({}).authority.empty());
}
