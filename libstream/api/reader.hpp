// read() and read_stream(): from a format, options and a schema to a DataFrame. Built up by one
// thread.
#pragma once

#include <libstream/api/data_frame.hpp>
#include <libstream/api/source_registry.hpp>

namespace stream {

class DataFrameReader {
 public:
  DataFrameReader(std::shared_ptr<SessionState> session, bool is_streaming)
      : session_(std::move(session)) {
    request_.is_streaming = is_streaming;
  }

  DataFrameReader& format(std::string name);
  DataFrameReader& option(const std::string& key, const std::string& value);
  DataFrameReader& option(const std::string& key, const char* value) {
    return option(key, std::string(value));
  }
  DataFrameReader& option(const std::string& key, bool value) {
    return option(key, std::string(value ? "true" : "false"));
  }
  template <std::integral T>
  requires(!std::same_as<T, bool>) DataFrameReader& option(const std::string& key, T value) {
    return option(key, std::to_string(value));
  }
  DataFrameReader& schema(const std::string& ddl);
  DataFrameReader& schema(Schema schema);

  DataFrame load();
  DataFrame load(const std::string& path);
  DataFrame csv(const std::string& path) { return format("csv").load(path); }
  DataFrame json(const std::string& path) { return format("json").load(path); }
  DataFrame text(const std::string& path) { return format("text").load(path); }

 private:
  std::shared_ptr<SessionState> session_;
  ReadRequestByName request_;
};

}  // namespace stream
