#include <libstream/base/byte_size.hpp>
#include <libstream/operators/waiting_memory.hpp>

namespace stream {

Result<std::shared_ptr<EpochMemory>> waiting_memory(const EvaluationSettings& evaluation) {
  std::uint64_t max_bytes = kDefaultWaitingBytes;
  std::string directory;
  if (evaluation.sql) {
    directory = evaluation.sql->get(kLocalDirectorySetting, "");
    if (const std::string text = evaluation.sql->get(kEpochBufferSetting, ""); !text.empty()) {
      auto bytes = parse_byte_size(text);
      if (!bytes) return std::move(bytes).error().with_context(kEpochBufferSetting);
      max_bytes = *bytes;
    }
  }
  return std::make_shared<EpochMemory>(max_bytes, local_file_system(), std::move(directory));
}

}  // namespace stream
