// PostgreSQL by TLS, with a certificate that is checked.
#include <tests/servers/postgres_fixture.hpp>

#include <cstdlib>

using namespace stream;
using namespace stream::testing;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a server that shows the right certificate is trusted, any other one is not") {
  ServerScript server("postgres", "tls");
  const std::string url = server.variable("STREAM_TEST_POSTGRES");
  const std::string authority = server.variable("STREAM_TEST_POSTGRES_CA");
  const auto ask = [&](const OptionMap& more) -> std::string {
    Session session(local_runner());
    auto reader = session.read().format("postgresql").option("url", url);
    reader.option("query", "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    for (const auto& [name, value] : more) reader.option(name, value);
    try {
      const auto row = reader.load().collect().at(0);
      return row.at(0).as<bool>() ? row.at(1).as<std::string>() : "without TLS";
    } catch (const std::exception& error) {
      return error.what();
    }
  };
  CHECK(ask({{"sslmode", "disable"}}) == "without TLS");
  CHECK(ask({{"sslmode", "require"}}).starts_with("TLSv1."));
  CHECK(ask({{"sslmode", "verify-full"}, {"sslrootcert", authority}}).starts_with("TLSv1."));

  const std::string missing = ask({{"sslmode", "verify-full"}, {"sslrootcert", "/nowhere/ca.pem"}});
  CHECK_THAT(missing, ContainsSubstring("/nowhere/ca.pem") && ContainsSubstring("sslmode"));
  // Another authority than the one that signed.
  const TemporaryDirectory directory;
  const std::string stranger = directory / "stranger.pem";
  REQUIRE(std::system(("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=stranger -keyout " +
                       stranger + ".key -out " + stranger + " 2>/dev/null")
                          .c_str()) == 0);
  const std::string untrusted = ask({{"sslmode", "verify-full"}, {"sslrootcert", stranger}});
  CHECK_THAT(untrusted,
             ContainsSubstring("certificate verify failed") && ContainsSubstring("sslmode"));
  const std::string other_name =
      ask({{"host", "localhost"}, {"sslmode", "verify-full"}, {"sslrootcert", authority}});
  CHECK_THAT(other_name, ContainsSubstring("localhost") && ContainsSubstring("sslmode"));
}
