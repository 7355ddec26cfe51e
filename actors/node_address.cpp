#include <actors/node_address.hpp>
#include <libstream/security/tls_context.hpp>

#include <fmt/format.h>

#include <charconv>

namespace stream {

Result<NodeAddress> parse_node_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  NodeAddress address;
  bool is_good = colon != std::string::npos && colon > 0 && colon <= 253;
  if (is_good) {
    address.host = text.substr(0, colon);
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, address.port);
    is_good = parsed.ec == std::errc() && parsed.ptr == end &&
              address.host.find_first_of(":/[] ") == std::string::npos;
  }
  if (!is_good) {
    return bad_option(fmt::format(
        "'{}' is no address; write HOST:PORT, such as 127.0.0.1:4001, with a name or an IPv4 "
        "address",
        text));
  }
  if (address.host == "0.0.0.0" || address.host == "*") {
    return bad_option(
        fmt::format("{}: give the one address at which others reach the node, not all", text));
  }
  if (address.host == "localhost") address.host = "127.0.0.1";
  return address;
}

bool is_loopback(const NodeAddress& address) {
  return address.host.starts_with("127.") &&
         address.host.find_first_not_of("0123456789.") == std::string::npos;
}

std::string to_string(const NodeAddress& address) {
  return fmt::format("{}:{}", address.host, address.port);
}

Result<std::shared_ptr<const TlsContext>> tls_for(const NodeAddress& address,
                                                  const TlsFiles& files) {
  const TlsFiles all = with_neighbours(files);
  if (!all.certificate.empty() || !all.key.empty() || !all.authority.empty())
    return TlsContext::load(all);
  if (is_loopback(address)) return std::shared_ptr<const TlsContext>();
  return bad_option(fmt::format(
      "{} is not on loopback, where everybody must show a certificate. Make an authority and a "
      "certificate: streamctl cluster init-ca --dir tls; streamctl cluster issue-cert NAME --dir "
      "tls --host {}; then give --certificate tls/NAME.pem",
      to_string(address), address.host));
}

}  // namespace stream
