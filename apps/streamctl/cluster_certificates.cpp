#include <apps/streamctl/commands.hpp>
#include <libstream/security/certificate_authority.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace stream::apps {
namespace {

constexpr const char* kDirectory = "directory of the authority, ca.pem and ca-key.pem";
constexpr const char* kDays = "that it is good for";

}  // namespace

Command add_cluster_init_ca(CLI::App& app) {
  auto request = std::make_shared<AuthorityRequest>();
  app.add_option("--dir", request->directory, kDirectory)->required();
  app.add_option("--days", request->days, kDays)->capture_default_str();
  app.add_flag("--replace", request->is_replacing,
               "make another one in the place of one that is there");
  return [request] {
    value_or_throw(make_authority(*request));
    fmt::print(
        "{0}/ca.pem goes to every node; {0}/ca-key.pem stays here: who has it can add nodes\n",
        request->directory);
    return 0;
  };
}

Command add_cluster_issue_cert(CLI::App& app) {
  auto request = std::make_shared<CertificateRequest>();
  app.add_option("node", request->name, "its name, and that of the files")->required();
  app.add_option("--dir", request->directory, kDirectory)->required();
  app.add_option("--host", request->hosts,
                 "name or address at which others reach it; may be given again; none: its name")
      ->allow_extra_args(false);
  app.add_option("--days", request->days, kDays)->capture_default_str();
  app.add_flag("--replace", request->is_replacing, "issue anew one that is there");
  return [request] {
    const TlsFiles files = value_or_throw(issue_certificate(*request));
    fmt::print("{} and {} go to the node {}, beside {}\n", files.certificate, files.key,
               request->name, files.authority);
    return 0;
  };
}

}  // namespace stream::apps
