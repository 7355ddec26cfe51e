#include <libstream/expressions/functions/accumulators.hpp>

namespace stream {

std::size_t heap_bytes_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.content))
    return Storage<std::string>::heap_bytes(*text);
  const auto* list = std::get_if<ValueList>(&value.content);
  if (list == nullptr) return 0;
  std::size_t bytes = list->capacity() * sizeof(Value);
  for (const Value& element : *list) bytes += heap_bytes_of(element);
  return bytes;
}

}  // namespace stream
