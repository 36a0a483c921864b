#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <random>

#include "capture/agent/spool_files.h"

namespace mj::test {

/// A spool's folder in memory that forgets what was not synced and breaks when it is told to.
/// Owner: the test. Thread: one at a time.
class FaultyFiles final : public agent::SpoolFiles {
 public:
  struct File {
    Bytes bytes;
    std::size_t durable = 0;  ///< of `bytes`
  };
  /// Thrown in the middle of an operation: the machine has lost its power.
  struct PowerCut {};

  /// After so many bytes of the next append: an error of that kind.
  void fail_append(ErrorKind kind, std::size_t after) { failure_ = {kind, after}; }
  /// The next append writes everything and then cuts the power before it syncs.
  void cut_power_before_sync() { cut_ = true; }
  /// What is not durable is lost but for a part that nobody chose.
  void power_returns(std::mt19937& random) {
    for (auto& [name, file] : files) {
      const std::size_t loose = file.bytes.size() - file.durable;
      file.bytes.resize(file.durable + (loose == 0 ? 0 : random() % (loose + 1)));
      file.durable = file.bytes.size();
    }
  }
  [[nodiscard]] int64_t bytes() const {
    int64_t total = 0;
    for (const auto& [name, file] : files) total += static_cast<int64_t>(file.bytes.size());
    return total;
  }

  Result<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    for (const auto& [name, file] : files) names.push_back(name);
    return names;
  }
  Result<Bytes> read(const std::string& name) override { return files.at(name).bytes; }
  Result<Bytes> read(const std::string& name, uint64_t offset, std::size_t size) override {
    const Bytes& bytes = files.at(name).bytes;
    if (offset + size > bytes.size()) return fail(ErrorKind::corrupt, "short");
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    return Bytes(begin, begin + static_cast<std::ptrdiff_t>(size));
  }
  Result<void> create(const std::string& name, BytesView bytes) override {
    if (disk_full) return fail(ErrorKind::no_space, "quota");
    files[name] = {Bytes(bytes.begin(), bytes.end()), bytes.size()};
    return {};
  }
  Result<void> append(const std::string& name, BytesView bytes) override {
    File& file = files.at(name);
    const auto failure = std::exchange(failure_, {});
    if (disk_full) return fail(ErrorKind::no_space, "quota");
    if (failure) bytes = bytes.first(std::min(bytes.size(), failure->second));
    file.bytes.insert(file.bytes.end(), bytes.begin(), bytes.end());
    if (failure) return fail(failure->first, "the disk fails");
    if (cut_.exchange(false)) throw PowerCut();
    file.durable = file.bytes.size();
    return {};
  }
  Result<void> sync(const std::string& name) override {
    files.at(name).durable = files.at(name).bytes.size();
    return {};
  }
  Result<void> truncate(const std::string& name, uint64_t size) override {
    if (truncate_fails) return fail(ErrorKind::internal, "the disk fails");
    File& file = files.at(name);
    file.bytes.resize(size);
    file.durable = std::min<std::size_t>(file.durable, size);
    return {};
  }
  Result<void> remove(const std::string& name) override {
    files.erase(name);
    return {};
  }
  int64_t available() override { return room; }

  std::map<std::string, File> files;
  std::atomic<bool> disk_full = false;
  bool truncate_fails = false;
  int64_t room = int64_t{1} << 50;

 private:
  std::optional<std::pair<ErrorKind, std::size_t>> failure_;
  std::atomic<bool> cut_ = false;
};

}  // namespace mj::test
