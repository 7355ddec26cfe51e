#include <libstream/connectors/kafka/kafka_connector.hpp>

namespace stream {

std::string_view kafka_absence() { return {}; }

}  // namespace stream
