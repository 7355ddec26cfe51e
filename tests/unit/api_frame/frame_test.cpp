// DataFrame, GroupedData and NaFunctions over bounded tables.
#include <libstream/expressions/type_text.hpp>
#include <tests/unit/api_frame/frame_fixture.hpp>

#include <stdexcept>

using namespace stream;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using stream::testing::RowOrder;

TEST_CASE("select takes names, expressions and stars") {
  FrameFixture f;
  CHECK(diff(f.people.select("name", col("age") + 1), "[\"Ann\",31]\n[\"Bob\",21]\n[\"Cid\",31]") ==
        "");
  CHECK(f.people.select("name", (col("age") + 1).alias("next")).columns() ==
        std::vector<std::string>{"name", "next"});
  CHECK(f.people.select("*", lit(7).as("seven")).columns() ==
        std::vector<std::string>{"id", "name", "age", "seven"});
  CHECK(diff(f.people.select_expr({"id * 2 AS twice", "upper(name)"}),
             "[2,\"ANN\"]\n[4,\"BOB\"]\n[6,\"CID\"]") == "");
}

TEST_CASE("columns are added, replaced, renamed and dropped") {
  FrameFixture f;
  CHECK(f.people.with_column("older", col("age") + 1).columns() ==
        std::vector<std::string>{"id", "name", "age", "older"});
  CHECK(diff(f.people.with_column("age", col("age") * 2).where("id = 1"), "[1,\"Ann\",60]") == "");
  CHECK(diff(f.people.with_columns({{"a", col("id")}, {"age", lit("x")}}).where("id = 2"),
             "[2,\"Bob\",\"x\",2]") == "");
  CHECK(f.people.with_column_renamed("name", "who").columns() ==
        std::vector<std::string>{"id", "who", "age"});
  CHECK(f.people.with_column_renamed("absent", "who").columns() ==
        std::vector<std::string>{"id", "name", "age"});
  CHECK(f.people.drop({"name", "absent"}).columns() == std::vector<std::string>{"id", "age"});
  CHECK(f.people.to_df({"x", "y", "z"}).columns() == std::vector<std::string>{"x", "y", "z"});
}

TEST_CASE("conditions are columns or SQL text") {
  FrameFixture f;
  CHECK(diff(f.people.where(col("age") > 20 && !(col("name") == "Cid")), "[1,\"Ann\",30]") == "");
  CHECK(diff(f.people.where("age < 25"), "[2,\"Bob\",20]") == "");
  CHECK(diff(f.people.filter("age < 25"), "[2,\"Bob\",20]") == "");
  CHECK(diff(f.people.filter(col("id").isin({1, 3})).select("id"), "[1]\n[3]") == "");
  CHECK(diff(f.people.filter(col("id").between(2, 3)).select("id"), "[2]\n[3]") == "");
  CHECK(diff(f.people.filter(col("name").like("%b")).select("id"), "[2]") == "");
  CHECK(diff(f.people.filter(col("name").starts_with("C")).select("id"), "[3]") == "");
}

TEST_CASE("when and otherwise make a case") {
  FrameFixture f;
  const Col size =
      when(col("age") > 25, "old").when(col("name") == "Bob", "bob").otherwise("young");
  CHECK(diff(f.people.select(size.as("s")), "[\"old\"]\n[\"bob\"]\n[\"old\"]") == "");
}

TEST_CASE("rows are sorted, cut and made distinct") {
  FrameFixture f;
  CHECK(diff(f.people.order_by("name").select("id"), "[1]\n[2]\n[3]", RowOrder::exact) == "");
  CHECK(diff(f.people.order_by(col("age").desc(), col("name").desc()).select("id"), "[3]\n[1]\n[2]",
             RowOrder::exact) == "");
  CHECK(diff(f.people.sort(col("id").desc()).limit(2).select("id"), "[3]\n[2]", RowOrder::exact) ==
        "");
  CHECK(diff(f.people.order_by("id").offset(1).select("id"), "[2]\n[3]", RowOrder::exact) == "");
  CHECK(diff(f.people.select("age").distinct(), "[30]\n[20]") == "");
  CHECK(f.people.drop_duplicates({"age"}).count() == 2);
  CHECK(f.people.union_all(f.people).drop_duplicates().count() == 3);
  CHECK(f.people.sample(0.0).count() == 0);
  CHECK(f.people.sample(1.0).count() == 3);
  CHECK(f.people.repartition(3).count() == 3);
  CHECK(f.people.take(2).size() == 2);
  CHECK(message_of([&] { f.people.sample(1.5); }) ==
        "sample: the fraction is 1.5; it must be 0 to 1");
}

TEST_CASE("nulls sort as they are told") {
  FrameFixture f;
  const auto frame = f.session.create_data_frame("v INT", {{2}, {nullptr}, {1}});
  CHECK(diff(frame.order_by("v"), "[null]\n[1]\n[2]", RowOrder::exact) == "");
  CHECK(diff(frame.order_by(col("v").asc_nulls_last()), "[1]\n[2]\n[null]", RowOrder::exact) == "");
  CHECK(diff(frame.order_by(col("v").desc()), "[2]\n[1]\n[null]", RowOrder::exact) == "");
  CHECK(diff(frame.order_by(col("v").desc_nulls_first()), "[null]\n[2]\n[1]", RowOrder::exact) ==
        "");
}

TEST_CASE("groups are counted, folded and named as in Spark") {
  FrameFixture f;
  CHECK(diff(f.people.group_by("age").count(), "[30,2]\n[20,1]") == "");
  CHECK(f.people.group_by("age").count().columns() == std::vector<std::string>{"age", "count"});
  CHECK(diff(f.people.group_by("age").sum({"id"}), "[30,4]\n[20,2]") == "");
  CHECK(f.people.group_by("age").sum({"id"}).columns() ==
        std::vector<std::string>{"age", "sum(id)"});
  CHECK(diff(f.people.group_by("age").avg({"id"}), "[30,2.0]\n[20,2.0]") == "");
  CHECK(diff(f.people.group_by("age").min({"id"}), "[30,1]\n[20,2]") == "");
  CHECK(diff(f.people.group_by("age").max({"id"}), "[30,3]\n[20,2]") == "");
  CHECK(diff(f.people.group_by((col("age") / 10).cast("int").as("tens"))
                 .agg(count().as("n"), max(col("name")).as("last")),
             "[3,2,\"Cid\"]\n[2,1,\"Bob\"]") == "");
  CHECK(diff(f.people.agg({sum(col("age")).as("s"), count_distinct({col("age")}).as("d")}),
             "[80,2]") == "");
}

TEST_CASE("rollup, cube and pivot") {
  FrameFixture f;
  CHECK(diff(f.people.rollup({col("age")}).agg(count().as("n")), "[30,2]\n[20,1]\n[null,3]") == "");
  CHECK(f.people.cube({col("age"), col("name")}).agg(count().as("n")).count() == 3 + 2 + 3 + 1);
  CHECK(diff(f.people.group_by("age").pivot("name", {"Ann", "Bob"}).agg(sum(col("id"))),
             "[30,1,null]\n[20,null,2]") == "");
}

TEST_CASE("frames join by columns and by conditions, with every type") {
  FrameFixture f;
  CHECK(diff(f.people.join(f.orders, "id").select("name", "item"),
             "[\"Ann\",\"pen\"]\n[\"Ann\",\"ink\"]") == "");
  CHECK(diff(f.people.join(f.orders, {"id"}, "left_outer").select("id", "item"),
             "[1,\"pen\"]\n[1,\"ink\"]\n[2,null]\n[3,null]") == "");
  CHECK(diff(f.people.join(f.orders, {"id"}, "right").select("id", "name"),
             "[1,\"Ann\"]\n[1,\"Ann\"]\n[4,null]") == "");
  CHECK(f.people.join(f.orders, {"id"}, "fullouter").count() == 5);
  CHECK(diff(f.people.join(f.orders, {"id"}, "leftsemi").select("id"), "[1]") == "");
  CHECK(diff(f.people.join(f.orders, {"id"}, "anti").select("id"), "[2]\n[3]") == "");
  CHECK(f.people.cross_join(f.orders).count() == 9);
  const auto p = f.people.alias("p");
  const auto o = f.orders.alias("o");
  CHECK(diff(p.join(o, col("p.id") == col("o.id")).select("p.id", "o.item"),
             "[1,\"pen\"]\n[1,\"ink\"]") == "");
  CHECK_THAT(message_of([&] { f.people.join(f.orders, {"id"}, "sideways"); }),
             ContainsSubstring("Unsupported join type 'sideways'"));
}

TEST_CASE("set operations count rows as they should") {
  FrameFixture f;
  const auto a = f.session.create_data_frame("v INT", {{1}, {1}, {2}});
  const auto b = f.session.create_data_frame("v INT", {{1}, {3}});
  CHECK(diff(a.union_all(b), "[1]\n[1]\n[2]\n[1]\n[3]") == "");
  CHECK(diff(a.intersect(b), "[1]") == "");
  CHECK(diff(a.intersect_all(a), "[1]\n[1]\n[2]") == "");
  CHECK(diff(a.except(b), "[2]") == "");
  CHECK(diff(a.except_all(b), "[1]\n[2]") == "");
  const auto c = f.session.create_data_frame("w INT, v INT", {{9, 8}});
  CHECK(diff(a.with_column("w", 0).union_by_name(c).where("v = 8"), "[8,9]") == "");
  CHECK(diff(a.union_by_name(c, true).where("v = 8"), "[8,9]") == "");
}

TEST_CASE("explode makes rows of elements") {
  FrameFixture f;
  const auto lines = f.session.create_data_frame("value STRING", {{"a b"}, {"c"}});
  CHECK(diff(lines.select(explode(split(col("value"), " ")).alias("word")),
             "[\"a\"]\n[\"b\"]\n[\"c\"]") == "");
}

TEST_CASE("nulls are dropped and filled") {
  FrameFixture f;
  const auto frame = f.session.create_data_frame("a INT, s STRING",
                                                 {{1, "x"}, {nullptr, "y"}, {nullptr, nullptr}});
  CHECK(diff(frame.na().drop(), "[1,\"x\"]") == "");
  CHECK(diff(frame.na().drop("all"), "[1,\"x\"]\n[null,\"y\"]") == "");
  CHECK(diff(frame.na().drop("any", {"s"}), "[1,\"x\"]\n[null,\"y\"]") == "");
  CHECK(diff(frame.na().fill(0), "[1,\"x\"]\n[0,\"y\"]\n[0,null]") == "");
  CHECK(diff(frame.na().fill("-"), "[1,\"x\"]\n[null,\"y\"]\n[null,\"-\"]") == "");
  CHECK(diff(frame.na().fill("-", {"a"}), "[1,\"x\"]\n[null,\"y\"]\n[null,null]") == "");
  CHECK(message_of([&] { frame.na().drop("some"); }) ==
        "na().drop: how is 'some'; write any or all");
}

TEST_CASE("a star among a function's arguments stands for all columns") {
  FrameFixture f;
  const auto pairs = f.session.sql("SELECT * FROM VALUES ('p', 'x'), (NULL, 'y') AS t(a, b)");
  CHECK(diff(pairs.select_expr({"struct(*).b AS b", "length(to_json(struct(*))) AS l"}),
             R"(["x",17]
["y",9])") == "");
  CHECK(diff(pairs.select_expr({"coalesce(*) AS c"}), R"(["p"]
["y"])") == "");
}

TEST_CASE("window functions look over partitions") {
  FrameFixture f;
  const auto by_age = WindowDefinition().partition_by({col("age")}).order_by({col("id")});
  CHECK(diff(f.people.select("id", row_number().over(by_age).as("n"),
                             sum(col("id")).over(by_age).as("s")),
             "[1,1,1]\n[3,2,4]\n[2,1,2]") == "");
  const auto all = WindowDefinition().order_by({col("id")}).rows_between(-1, 0);
  CHECK(diff(f.people.select(sum(col("id")).over(all).as("s")), "[1]\n[3]\n[5]") == "");
  for (const char* alone : {"nth_value(age, 2)", "row_number()"})
    CHECK_THAT(message_of([&] { f.people.select_expr({alone}).collect(); }),
               ContainsSubstring("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE"));
}

TEST_CASE("transform composes functions over frames") {
  FrameFixture f;
  const auto adults = [](const DataFrame& frame) { return frame.where("age > 25"); };
  CHECK(f.people.transform(adults).count() == 2);
}

TEST_CASE("schemas print as trees") {
  FrameFixture f;
  CHECK(f.people.schema_tree() ==
        "root\n"
        " |-- id: integer (nullable = true)\n"
        " |-- name: string (nullable = true)\n"
        " |-- age: integer (nullable = true)\n");
  const auto nested = f.session.create_data_frame(
      value_or_throw(parse_schema("s STRUCT<a: BIGINT, b: ARRAY<STRING>>, m MAP<STRING, DOUBLE>")),
      std::vector<std::vector<Value>>{});
  CHECK(nested.schema_tree() ==
        "root\n"
        " |-- s: struct (nullable = true)\n"
        " |    |-- a: long (nullable = true)\n"
        " |    |-- b: array (nullable = true)\n"
        " |    |    |-- element: string (containsNull = true)\n"
        " |-- m: map (nullable = true)\n"
        " |    |-- key: string\n"
        " |    |-- value: double (valueContainsNull = true)\n");
}

TEST_CASE("show prints the first rows as a table") {
  FrameFixture f;
  CHECK(f.people.show_string(2) ==
        "+---+----+---+\n"
        "| id|name|age|\n"
        "+---+----+---+\n"
        "|  1| Ann| 30|\n"
        "|  2| Bob| 20|\n"
        "+---+----+---+\n"
        "only showing top 2 rows\n");
  CHECK_THAT(f.people.show_string(1, 20, true), StartsWith("-RECORD 0---"));
}

TEST_CASE("explain shows the plans") {
  FrameFixture f;
  const std::string text = f.people.group_by("age").count().explain_string();
  CHECK_THAT(text, ContainsSubstring("aggregate"));
  CHECK_THAT(text, ContainsSubstring("rows"));
}

TEST_CASE("wrong names are told with what was meant") {
  FrameFixture f;
  const std::string text = message_of([&] { f.people.select("nam").collect(); });
  CHECK_THAT(text, ContainsSubstring("UNRESOLVED_COLUMN"));
  CHECK_THAT(text, ContainsSubstring("name"));
  CHECK_THAT(message_of([&] { f.session.table("absent").collect(); }),
             ContainsSubstring("TABLE_OR_VIEW_NOT_FOUND"));
  CHECK_THAT(message_of([&] { expr("1 +"); }), ContainsSubstring("PARSE_SYNTAX_ERROR"));
  CHECK_THAT(message_of([&] { f.people.where(col("name")).collect(); }),
             ContainsSubstring("DATATYPE_MISMATCH"));
}

TEST_CASE("views are named once") {
  FrameFixture f;
  f.people.create_temp_view("people");
  CHECK(f.session.sql("SELECT count(*) FROM people").collect()[0][0].as<std::int64_t>() == 3);
  CHECK_THAT(message_of([&] { f.orders.create_temp_view("People"); }),
             ContainsSubstring("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"));
  f.orders.create_or_replace_temp_view("people");
  CHECK(f.session.table("people").columns() == std::vector<std::string>{"id", "item"});
}

TEST_CASE("range and rows written down") {
  FrameFixture f;
  CHECK(diff(f.session.range(0, 5, 2), "[0]\n[2]\n[4]") == "");
  CHECK_THAT(message_of([&] { f.session.create_data_frame("a INT, b INT", {{1}}); }),
             ContainsSubstring("a row of 1 values; the schema has 2"));
  const auto none = f.session.create_data_frame("a INT", std::vector<std::vector<Col>>{});
  CHECK(none.count() == 0);
  CHECK(none.columns() == std::vector<std::string>{"a"});
}

TEST_CASE("settings are those of the session") {
  FrameFixture f;
  f.session.conf("spark.sql.ansi.enabled", "false");
  CHECK(f.session.conf("spark.sql.ansi.enabled") == "false");
  CHECK(diff(f.session.sql("SELECT 1 / 0"), "[null]") == "");
  f.session.conf("spark.sql.ansi.enabled", "true");
  CHECK_THAT(message_of([&] { f.session.sql("SELECT 1 / 0").collect(); }),
             ContainsSubstring("DIVIDE_BY_ZERO"));
}

TEST_CASE("a time whose sliding windows cannot be told is refused") {
  FrameFixture f;
  const auto windows_of = [&](const std::string& micros) {
    return f.session.sql(
        "SELECT count(*) FROM VALUES (0), (" + micros +
        ") AS t(v) GROUP BY window(timestamp_micros(v), '10 seconds', '2 seconds')");
  };
  CHECK(windows_of("9000000000000000000").collect().size() == 10);
  CHECK(windows_of("-9000000000000000000").collect().size() == 10);
  for (const char* micros : {"9223372036854775807", "-9223372036854775808"}) {
    CAPTURE(micros);
    CHECK_THAT(message_of([&] { windows_of(micros).collect(); }),
               ContainsSubstring("ARITHMETIC_OVERFLOW"));
  }
}

TEST_CASE("functions of the program are called by SQL and by columns") {
  FrameFixture f;
  f.session.udf("twice", [](std::int64_t x) { return 2 * x; });
  f.session.udf("greet", [](const std::string& name, std::int32_t age) {
    return name + " is " + std::to_string(age);
  });
  f.people.create_temp_view("people");
  CHECK(diff(f.session.sql("SELECT twice(id) FROM people WHERE id > 1"), "[4]\n[6]") == "");
  CHECK(diff(f.people.select(call_function("greet", {col("name"), col("age")})).limit(1),
             "[\"Ann is 30\"]") == "");
  CHECK(diff(f.session.sql("SELECT twice(CAST(NULL AS INT))"), "[null]") == "");
}

TEST_CASE("a function that throws fails the query by name") {
  FrameFixture f;
  f.session.udf("picky", [](std::int64_t x) -> std::int64_t {
    if (x == 2) throw std::runtime_error("not 2");
    return x;
  });
  CHECK_THAT(message_of([&] { f.people.select(call_function("picky", {col("id")})).collect(); }),
             ContainsSubstring("picky: not 2"));
}

TEST_CASE("answers that differ are shown as a diff") {
  FrameFixture f;
  const auto ids = f.people.select("id");
  CHECK(testing::answer_diff(ids, "[1]\n[2]\n[5]") == "  - [5]\n  + [3]\n");
  CHECK(testing::answer_diff(ids, "[3]\n[2]\n[1]") == "");
  CHECK(testing::answer_diff(ids, "[3]\n[2]\n[1]", RowOrder::exact) != "");
  CHECK(testing::answer_diff(ids, "{\"id\":3}\n{\"id\":2}\n{\"id\":1}") == "");
  CHECK_THAT(message_of([&] { testing::check_answer(ids, "[1]\n[2]"); }),
             ContainsSubstring("  + [3]"));
  CHECK_THAT(message_of([&] { testing::check_answer(ids, "{\"ids\":3}"); }),
             ContainsSubstring("no column ids"));
  testing::check_answer(
      ids, {{Value{std::int32_t{1}}}, {Value{std::int32_t{2}}}, {Value{std::int32_t{3}}}});
}
