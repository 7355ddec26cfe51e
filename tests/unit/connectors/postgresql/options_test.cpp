#include <libstream/connectors/postgresql/options.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;
using namespace stream::postgresql;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string sink_error(OptionMap options) {
  ConnectionOptions connection;
  SinkOptions sink;
  const auto read = read_sink_options(std::move(options), connection, sink);
  return read ? "" : read.error().message();
}

std::string source_error(OptionMap options, bool is_streaming) {
  ConnectionOptions connection;
  SourceOptions source;
  const auto read = read_source_options(std::move(options), is_streaming, connection, source);
  return read ? "" : read.error().message();
}

}  // namespace

TEST_CASE("options of Spark's jdbc are understood") {
  ConnectionOptions connection;
  SinkOptions sink;
  REQUIRE(read_sink_options({{"url", "jdbc:postgresql://db:5433/shop"},
                             {"dbTable", "public.orders"},
                             {"user", "u"},
                             {"PASSWORD", "p"},
                             {"batchsize", "1000"},
                             {"truncate", "true"},
                             {"driver", "org.postgresql.Driver"},
                             {"key", "id, day"}},
                            connection, sink));
  CHECK(connection.url == "postgresql://db:5433/shop");
  CHECK(connection.password == "p");
  CHECK(sink.table.quoted() == "\"public\".\"orders\"");
  CHECK(sink.sink_name == "public.orders");
  CHECK(sink.truncates);
  CHECK(sink.key == std::vector<std::string>{"id", "day"});
}

TEST_CASE("wrong options are named, all at once") {
  CHECK_THAT(sink_error({}), ContainsSubstring("dbtable is missing"));
  CHECK_THAT(sink_error({{"dbtable", "t"}, {"tuncate", "true"}}), ContainsSubstring("truncate"));
  const std::string both =
      sink_error({{"dbtable", "a.b.c"}, {"delivery", "twice"}, {"url", "mysql://x"}});
  CHECK_THAT(both, ContainsSubstring("dbtable") && ContainsSubstring("delivery") &&
                       ContainsSubstring("url"));
}

TEST_CASE("contradictory options of a source are refused with what to do") {
  CHECK_THAT(source_error({}, false), ContainsSubstring("dbtable or query"));
  CHECK_THAT(source_error({{"dbtable", "t"}, {"query", "SELECT 1"}}, false),
             ContainsSubstring("one of them"));
  CHECK_THAT(source_error({{"dbtable", "t"}, {"numPartitions", "3"}}, false),
             ContainsSubstring("partitionColumn"));
  CHECK_THAT(source_error({{"dbtable", "t"}, {"lowerBound", "3"}}, false),
             ContainsSubstring("belong together"));
  CHECK_THAT(source_error({{"dbtable", "t"}}, true), ContainsSubstring("incrementalColumn"));
  CHECK_THAT(source_error({{"dbtable", "t"}, {"slot", "s"}, {"incrementalColumn", "id"}}, true),
             ContainsSubstring("one of them"));
  CHECK_THAT(source_error({{"query", "SELECT 1"}, {"slot", "s"}}, true),
             ContainsSubstring("dbtable"));
  CHECK_THAT(source_error({{"dbtable", "t"}, {"slot", "s"}}, false),
             ContainsSubstring("read_stream"));
  CHECK(source_error({{"dbtable", "t"}, {"slot", "s"}}, true).empty());
  CHECK(source_error({{"query", "SELECT 1"}}, false).empty());
}
