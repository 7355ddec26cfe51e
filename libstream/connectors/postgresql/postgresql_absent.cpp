// Stands in for the folder where the client library is left out.
#include <libstream/connectors/postgresql/postgresql.hpp>

namespace stream {

std::string_view postgresql_absence() {
  return "postgresql is left out of this build, which was configured without libpq (Debian: "
         "libpq-dev) or with STREAM_POSTGRESQL=OFF; install it and configure again";
}
Result<std::shared_ptr<const Sink>> make_postgresql_sink(PostgresSinkRequest) {
  return bad_option(std::string(postgresql_absence()));
}
Result<std::shared_ptr<const Source>> make_postgresql_source(OptionMap, bool) {
  return bad_option(std::string(postgresql_absence()));
}
std::vector<OptionText> postgresql_source_option_texts() { return {}; }
std::vector<OptionText> postgresql_sink_option_texts() { return {}; }

}  // namespace stream
