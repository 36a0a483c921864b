#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <vector>

#include "index/mutex.h"
#include "index/sqlite.h"

namespace mj::index {

/// Read connections on loan, each with a snapshot of its own: what a lease reads is one state of the index,
/// whatever the writer does meanwhile. Owner: Index; must outlive its leases. Threads: lease() from any; a
/// lease stays in its thread. Does not: write. Failure: lease() waits while all are out (queries are short)
/// and fails only as SQLite does.
class ReaderPool {
 public:
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();
    [[nodiscard]] Database& operator*() const { return *database_; }

   private:
    friend class ReaderPool;
    Lease(ReaderPool& pool, std::unique_ptr<Database> database);
    ReaderPool* pool_;
    std::unique_ptr<Database> database_;
    std::unique_ptr<Transaction> snapshot_;
  };

  [[nodiscard]] static Result<std::unique_ptr<ReaderPool>> open(const std::filesystem::path& file,
                                                                int readers);
  [[nodiscard]] Result<Lease> lease();

 private:
  ReaderPool() = default;
  void give_back(std::unique_ptr<Database> database);

  Mutex mutex_;
  std::condition_variable_any returned_;
  std::vector<std::unique_ptr<Database>> idle_ MJ_GUARDED_BY(mutex_);
};

}  // namespace mj::index
