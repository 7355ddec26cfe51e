// read(), read_stream(), write() and write_stream() over files.
#include <tests/kit/folder.hpp>
#include <tests/unit/api_frame/frame_fixture.hpp>

#include <filesystem>
#include <future>

using namespace stream;
using Catch::Matchers::ContainsSubstring;
using stream::testing::Folder;

namespace {

/// Ends when all files have been read.
void run(DataStreamWriter writer, const std::string& checkpoint) {
  auto query =
      writer.option("checkpointLocation", checkpoint).trigger(Trigger::available_now()).start();
  query->await_termination();
}

}  // namespace

TEST_CASE("columns that nobody reads are not read") {
  FrameFixture f;
  const Folder folder;
  folder.put("a.csv", "k,v\n1,2\nx,3\n4\n5,6,7\n");
  const auto read = [&](const char* mode) {
    return f.session.read()
        .option("header", true)
        .option("mode", mode)
        .schema("k INT, v INT")
        .csv(folder / "a.csv");
  };
  // What is malformed in a column counts where the column is read.
  CHECK(diff(read("DROPMALFORMED"), "[1,2]") == "");
  CHECK(diff(read("DROPMALFORMED").select("v"), "[2]\n[3]\n[null]\n[6]") == "");
  CHECK(diff(read("DROPMALFORMED").select("k"), "[1]\n[4]\n[5]") == "");
  CHECK(read("DROPMALFORMED").count() == 4);
  CHECK(read("FAILFAST").select("v").count() == 4);
  CHECK(diff(read("PERMISSIVE").limit(2).agg({count(lit(1))}), "[2]") == "");
  CHECK(diff(read("PERMISSIVE").select(lit("x")).distinct(), "[\"x\"]") == "");
  CHECK(read("PERMISSIVE").cross_join(read("PERMISSIVE")).count() == 16);
  f.session.conf("spark.sql.csv.parser.columnPruning.enabled", "false");
  CHECK(diff(read("DROPMALFORMED").select("v"), "[2]\n[3]") == "");
  f.session.conf("spark.sql.csv.parser.columnPruning.enabled", "true");

  const std::string plan = read("PERMISSIVE").where("v > 2").select("v").explain_string();
  CHECK_THAT(plan, ContainsSubstring("ReadSchema: struct<v:INT>"));
}

TEST_CASE("files are read by format, schema and options") {
  FrameFixture f;
  const Folder folder;
  folder.put("a.csv", "id;name\n1;Ann\n2;Bob\n");
  const auto csv = f.session.read()
                       .option("header", true)
                       .option("sep", ";")
                       .schema("id INT, name STRING")
                       .csv(folder / "a.csv");
  CHECK(diff(csv, "[1,\"Ann\"]\n[2,\"Bob\"]") == "");
  const auto inferred = f.session.read()
                            .format("csv")
                            .option("header", "true")
                            .option("sep", ";")
                            .option("inferSchema", true)
                            .load(folder / "a.csv");
  CHECK(inferred.schema().to_string() == csv.schema().to_string());
  folder.put("b.json", "{\"k\":\"x\",\"v\":[1,2]}\n");
  CHECK(diff(f.session.read().json(folder / "b.json").select("k", explode(col("v"))),
             "[\"x\",1]\n[\"x\",2]") == "");
  folder.put("c.txt", "one\ntwo\n");
  CHECK(diff(f.session.read().text(folder / "c.txt"), "[\"one\"]\n[\"two\"]") == "");
}

TEST_CASE("the files that rows are from are in _metadata, for those who ask") {
  FrameFixture f;
  const Folder folder;
  folder.put("in/a.csv", "1,x\n2,y\n");
  folder.put("in/b.csv", "3,z\n");
  const auto read = f.session.read().schema("id INT, name STRING").csv(folder / "in");
  CHECK(read.schema().to_string() == "id INT, name STRING");
  CHECK(diff(read.select("id", "_metadata.file_name", "_metadata.file_size"),
             "[1,\"a.csv\",8]\n[2,\"a.csv\",8]\n[3,\"b.csv\",4]") == "");
  CHECK(diff(read.where("_metadata.file_path LIKE '%/b.csv' AND id > 0"), "[3,\"z\"]") == "");
  CHECK(diff(read.select("*", "_metadata").select("id", "_metadata.file_block_start"),
             "[1,0]\n[2,0]\n[3,0]") == "");
  read.create_or_replace_temp_view("t");
  CHECK(diff(f.session.sql("SELECT q._metadata.file_name AS f, count(*) AS n, "
                           "max(_metadata.file_modification_time) > TIMESTAMP'2000-01-01' AS new "
                           "FROM t AS q GROUP BY 1"),
             "[\"a.csv\",2,true]\n[\"b.csv\",1,true]") == "");
  // It is no column of what is made of the rows as a whole.
  CHECK(diff(f.session.sql("SELECT _metadata.file_name FROM t WHERE id IN "
                           "(SELECT id FROM (SELECT DISTINCT * FROM t))"),
             "[\"a.csv\"]\n[\"a.csv\"]\n[\"b.csv\"]") == "");
  CHECK_THAT(message_of([&] { f.session.sql("SELECT _metadata FROM VALUES (1)").collect(); }),
             ContainsSubstring("UNRESOLVED_COLUMN"));
}

TEST_CASE("readers refuse what they cannot read") {
  FrameFixture f;
  const Folder folder;
  CHECK_THAT(message_of([&] { f.session.read().csv(folder / "absent.csv"); }),
             ContainsSubstring("PATH_NOT_FOUND"));
  CHECK_THAT(message_of([&] { f.session.read().format("cvs").load("x"); }),
             ContainsSubstring("DATA_SOURCE_NOT_FOUND"));
  CHECK_THAT(message_of([&] { f.session.read().load("x"); }), ContainsSubstring("name a format"));
  CHECK_THAT(message_of([&] { f.session.read().schema("id INTT"); }), ContainsSubstring("INTT"));
}

TEST_CASE("what was written is read again") {
  FrameFixture f;
  const Folder folder;
  f.people.write().option("header", "true").csv(folder / "csv");
  CHECK(diff(f.session.read().option("header", true).csv(folder / "csv").select("name"),
             "[\"Ann\"]\n[\"Bob\"]\n[\"Cid\"]") == "");
  f.people.write().json(folder / "json");
  CHECK(diff(f.session.read().schema("id INT, age INT").json(folder / "json"),
             "[1,30]\n[2,20]\n[3,30]") == "");
  f.people.select("name").write().text(folder / "text");
  CHECK(f.session.read().text(folder / "text").count() == 3);
}

TEST_CASE("save modes decide about what is there already") {
  FrameFixture f;
  const Folder folder;
  const std::string path = folder / "out";
  const auto rows = [&] { return f.session.read().schema("id INT").json(path).count(); };
  const auto write = [&](const std::string& mode) {
    f.people.select("id").write().mode(mode).json(path);
  };
  write("error");
  CHECK_THAT(message_of([&] { write("error"); }), ContainsSubstring("PATH_ALREADY_EXISTS"));
  write("append");
  CHECK(rows() == 6);
  write("ignore");
  CHECK(rows() == 6);
  write("overwrite");
  CHECK(rows() == 3);
  CHECK_THAT(message_of([&] { write("sometimes"); }), ContainsSubstring("INVALID_SAVE_MODE"));
}

TEST_CASE("partitions are directories and come back as columns") {
  FrameFixture f;
  const Folder folder;
  f.people.write().partition_by({"age"}).json(folder / "out");
  CHECK(std::filesystem::is_directory(folder / "out/age=30"));
  CHECK(diff(f.session.read().schema("id INT, name STRING, age INT").json(folder / "out"),
             "[1,\"Ann\",30]\n[2,\"Bob\",20]\n[3,\"Cid\",30]") == "");
}

TEST_CASE("a streaming query over files goes on where it was") {
  FrameFixture f;
  const Folder folder;
  folder.put("in/1.json", "{\"v\":1}\n{\"v\":2}\n");
  const auto stream = f.session.read_stream().schema("v INT").json(folder / "in");
  CHECK(stream.is_streaming());
  const auto once = [&] {
    DataStreamWriter writer = stream.select((col("v") * 10).as("v")).write_stream();
    writer.format("json").option("path", folder / "out");
    run(std::move(writer), folder / "checkpoint");
  };
  const auto written = [&] { return f.session.read().schema("v INT").json(folder / "out"); };
  once();
  CHECK(diff(written(), "[10]\n[20]") == "");
  folder.put("in/2.json", "{\"v\":3}\n");
  once();
  CHECK(diff(written(), "[10]\n[20]\n[30]") == "");
  once();
  CHECK(diff(written(), "[10]\n[20]\n[30]") == "");
}

TEST_CASE("checkpoints of a session lie below one directory, by name") {
  FrameFixture f;
  const Folder folder;
  folder.put("in/1.txt", "one\n");
  f.session.conf("spark.sql.streaming.checkpointLocation", folder / "checkpoints");
  const auto lines = f.session.read_stream().text(folder / "in");
  auto query = lines.write_stream()
                   .format("noop")
                   .query_name("lines")
                   .trigger(Trigger::available_now())
                   .start();
  query->await_termination();
  CHECK(std::filesystem::is_directory(folder / "checkpoints/lines"));
  CHECK_THAT(message_of([&] { lines.write_stream().format("noop").start(); }),
             ContainsSubstring("name the query"));
}

TEST_CASE("rate sources make rows") {
  FrameFixture f;
  const auto rate =
      f.session.read_stream().format("rate-micro-batch").option("rowsPerBatch", 5).load();
  CHECK(rate.columns() == std::vector<std::string>{"timestamp", "value"});
  std::promise<std::int64_t> first;
  auto query = rate.write_stream()
                   .for_each_batch([&](const DataFrame& rows, std::int64_t epoch) {
                     if (epoch == 0) first.set_value(rows.count());
                   })
                   .start();
  CHECK(first.get_future().get() == 5);
  query->stop();
}

TEST_CASE("What a rate-micro-batch source has now is one batch") {
  FrameFixture f;
  std::int64_t num_rows = 0;
  auto query =
      f.session.read_stream()
          .format("rate-micro-batch")
          .option("rowsPerBatch", 7)
          .load()
          .write_stream()
          .for_each_batch([&](const DataFrame& rows, std::int64_t) { num_rows += rows.count(); })
          .trigger(Trigger::available_now())
          .start();
  query->await_termination();
  CHECK(num_rows == 7);
}
