// A session on the local runner with two small tables. For the tests of this folder.
#pragma once

#include <libstream/api/session.hpp>
#include <libstream/execution/local_runner.hpp>
#include <libstream/testing/check_answer.hpp>
#include <libstream/testing/memory_stream.hpp>
#include <tests/kit/catch.hpp>
#include <tests/kit/thrown.hpp>

namespace stream {

using testing::message_of;

struct FrameFixture {
  Session session{local_runner()};
  DataFrame people = session.create_data_frame("id INT, name STRING, age INT",
                                               {{1, "Ann", 30}, {2, "Bob", 20}, {3, "Cid", 30}});
  DataFrame orders =
      session.create_data_frame("id INT, item STRING", {{1, "pen"}, {1, "ink"}, {4, "cup"}});
};

/// The rows differ from `expected` by this; empty when they agree.
inline std::string diff(const DataFrame& frame, std::string_view expected,
                        testing::RowOrder order = testing::RowOrder::any) {
  return testing::answer_diff(frame, expected, order);
}

}  // namespace stream
