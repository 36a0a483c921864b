#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "config/config.h"

namespace mj::index {

/// An append-only file of JSON lines, each of which names its number and the SHA-256 of the line before:
/// {"number":2,"before":"ab…",…}. What must survive the index is written here first (storage law 5).
/// Owner: who keeps rows of the same facts. Thread: one at a time; of several processes only the one that
/// holds the index's write transaction may call. Does not: know what a line means. Failure: append() leaves
/// nothing behind when it fails; what others did to the file is told line by line (Line::broken).
class ChainedLog {
 public:
  explicit ChainedLog(std::filesystem::path file) : file_(std::move(file)) {}

  struct Line {
    uint64_t number = 0;
    std::string text;    ///< JSON, without the end of line
    std::string broken;  ///< why the chain does not hold here; empty: it does
  };
  /// A place between two lines.
  struct Place {
    uint64_t offset = 0, number = 0;  ///< of bytes, of lines
    Digest hash{};                    ///< of the line before it
  };
  struct News {
    bool anew = false;     ///< the first look, or another file than before: these are all its lines
    bool swapped = false;  ///< another file than before
    std::vector<Line> lines;
    uint64_t torn_bytes = 0;  ///< of a line that was never finished, at the end
  };
  /// Before the first look(): the lines up to this number need not be told. Reads the file from its end, so
  /// that what was always there costs nothing. Errors: as of the file system.
  [[nodiscard]] Result<void> pass_over(uint64_t number);
  /// What is there behind the place of the last settle(), whoever wrote it. No file: no lines. Errors: as of
  /// the file system.
  [[nodiscard]] Result<News> look();
  /// What look() told and append() wrote need not be told again.
  void settle();

  /// Each a JSON object, "{…}". Durable when it returns; cuts off what was torn. Errors: as of the file
  /// system; nothing was appended.
  [[nodiscard]] Result<void> append(const std::vector<std::string>& objects);
  /// Cuts off what was torn.
  [[nodiscard]] Result<void> cut_torn();

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  /// Of the last line that look() told or append() wrote; 0: none.
  [[nodiscard]] uint64_t number() const { return reached_.number; }

  /// Tells every whole line of a file, also one that grows meanwhile. Not of one's own log alone: any thread,
  /// any process. No file: no lines.
  [[nodiscard]] static Result<void> each_line(const std::filesystem::path& file,
                                              const std::function<void(const Line&)>& tell);

 private:
  struct Identity {
    uint64_t device = 0, inode = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  void read_lines(std::string_view text, News& news);

  std::filesystem::path file_;
  Place settled_, reached_;
  Identity settled_file_, reached_file_;
  bool looked_ = false;
};

/// Gathers lines that say of themselves that they were lost and written anew from rows ("anew":true, or
/// "lost":true where not even a row is left): nobody can say that they are what they were. A sentence for
/// each stretch of them.
class AnewLines {
 public:
  explicit AnewLines(std::filesystem::path file) : file_(std::move(file)) {}
  /// Lines in their order.
  void see(const ChainedLog::Line& line, std::vector<std::string>& sentences);
  void end(std::vector<std::string>& sentences);

 private:
  std::filesystem::path file_;
  uint64_t first_ = 0, last_ = 0;
};

}  // namespace mj::index
