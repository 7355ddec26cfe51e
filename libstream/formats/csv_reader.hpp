// CSV bytes to columns. Stretches of records without quotes go column by column from the places
// that scan_csv finds into values; others, and files with unusual options, through CsvRecordParser.
// One object a task.
#pragma once

#include <libstream/formats/csv_record.hpp>
#include <libstream/formats/csv_scanner.hpp>
#include <libstream/formats/csv_values.hpp>
#include <libstream/formats/file_format.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

class CsvReader final : public RowReader {
 public:
  static Result<std::unique_ptr<RowReader>> make(const CsvOptions& options, ReadRequest request,
                                                 BlockPool& pool);

  Result<void> begin(const std::string& path, bool is_start) override;
  Result<std::size_t> take(const ByteRange& bytes, std::size_t max_rows) override;
  std::size_t num_rows() const override { return num_rows_ - dropped_.size(); }
  std::vector<Column> finish() override;
  std::vector<RejectedRecord> take_rejects() override { return std::exchange(rejects_, {}); }
  std::int64_t num_rejected() const override { return num_rejected_; }

 private:
  CsvReader(const CsvOptions& options, ReadRequest request, CsvConversion conversion,
            BlockPool& pool);

  // What take() does for files whose records end at line ends, and for others.
  Result<std::size_t> take_lines(const ByteRange& bytes, std::size_t max_rows);
  Result<std::size_t> take_multi_line(const ByteRange& bytes, std::size_t max_rows);
  /// Rows of one stretch of bytes; moves `at` behind what it took. False: nothing more to take.
  Result<bool> take_window(const ByteRange& bytes, std::size_t& at, std::size_t max_rows);

  /// The places that were found in a stretch.
  struct Window {
    std::size_t end = 0;
    const std::uint32_t* place = nullptr;  // place[-1]: in front of the first field
    const std::uint32_t* places_end = nullptr;
    bool is_last = false;
    bool is_ascii = false;
  };
  /// True: its whole lines are all records of num_fields_ fields without quotes.
  bool is_grid(const ByteRange& bytes, std::size_t at, const Window& window,
               const CsvStructure& found) const;
  /// Takes its first `num_rows` records, a column at a time.
  Result<void> take_grid(const ByteRange& bytes, std::size_t& at, Window& window,
                         std::size_t num_rows);
  /// Takes its records one by one.
  Result<void> take_records(const ByteRange& bytes, std::size_t& at, const Window& window,
                            std::size_t max_rows);

  /// One line without its end, by all rules: blank, comment, header, record.
  Result<void> take_line(std::string_view line, std::uint64_t offset);
  Result<void> check_header(const std::vector<CsvField>& names);
  void add_record(const std::vector<CsvField>& fields, std::string_view record,
                  std::uint64_t offset);
  const char* keep(std::string_view text);
  bool is_full(std::size_t max_rows) const {
    return num_rows_ + group_rows_ - dropped_.size() >= max_rows;
  }

  Result<void> flush_group();
  /// Deals with bad rows of the converted group, fills the corrupt column and empties the group.
  Result<void> finish_group();
  bool has_bad_rows() const;
  Result<void> handle_bad_rows();
  std::string reason_of(std::uint16_t mark, std::size_t row) const;

  CsvOptions options_;
  ReadRequest request_;
  CsvConversion conversion_;
  BlockPool& pool_;
  CsvRecordParser parser_;

  std::vector<std::size_t> data_columns_;  // wanted columns' places among a record's fields
  std::size_t num_fields_ = 0;             // a whole record has
  bool checks_count_ = true;
  bool is_fast_ = false;
  std::vector<std::unique_ptr<CsvColumn>> columns_;  // one a wanted data column
  std::optional<std::size_t> corrupt_place_;         // the corrupt column's place in the batch
  std::optional<ColumnBuilder> corrupt_;

  std::string path_;
  bool is_at_start_ = false;
  bool wants_header_ = false;

  // The group: rows that are cut, not yet converted.
  static constexpr std::size_t kGroupRows = 256;
  std::size_t group_rows_ = 0;
  std::vector<std::vector<FieldText>> group_;  // a column each
  std::vector<std::string_view> records_;
  std::vector<std::uint64_t> offsets_;
  std::vector<std::uint16_t> bad_;
  std::deque<std::string> kept_;  // texts of the group that are no part of the block
  std::vector<std::uint32_t> places_;

  std::size_t num_rows_ = 0;            // converted since finish, dropped ones too
  std::vector<std::uint32_t> dropped_;  // of these
  std::vector<RejectedRecord> rejects_;
  std::int64_t num_rejected_ = 0;
};

}  // namespace stream
