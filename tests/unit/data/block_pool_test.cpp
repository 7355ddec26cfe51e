#include <libstream/data/block_pool.hpp>
#include <tests/kit/catch.hpp>

#include <thread>
#include <vector>

using namespace stream;

TEST_CASE("a block that died is used again") {
  BlockPool pool;
  const void* first = pool.allocate(5000).identity();
  CHECK(pool.allocate(6000).identity() == first);
  CHECK(pool.reserved_bytes() == 8192);
}

TEST_CASE("blocks have the asked bytes and are aligned") {
  BlockPool pool;
  for (const std::size_t size : {1u, 1024u, 1025u, 1u << 20, 100u << 20}) {
    BlockRef block = pool.allocate(size);
    CHECK(block.capacity() >= size);
    CHECK(reinterpret_cast<std::uintptr_t>(block.data()) % 64 == 0);
    block.data()[size - 1] = 'x';
  }
}

TEST_CASE("blocks outlive their pool") {
  BlockRef kept;
  {
    BlockPool pool;
    kept = pool.allocate(2000);
    kept.data()[1999] = 'x';
  }
  CHECK(kept.data()[1999] == 'x');
}

TEST_CASE("blocks may die on other threads while the pool works and while it closes") {
  for (int round = 0; round < 50; ++round) {
    std::vector<std::thread> threads;
    {
      BlockPool pool;
      for (int t = 0; t < 3; ++t) {
        std::vector<BlockRef> blocks;
        for (int i = 0; i < 200; ++i) blocks.push_back(pool.allocate(1024u << (i % 4)));
        threads.emplace_back([mine = std::move(blocks)]() mutable {
          while (!mine.empty()) mine.pop_back();
        });
      }
      for (int i = 0; i < 200; ++i) (void)pool.allocate(1024);
    }
    for (std::thread& thread : threads) thread.join();
  }
}
