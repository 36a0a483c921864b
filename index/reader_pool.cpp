#include "index/reader_pool.h"

#include <utility>

namespace mj::index {

ReaderPool::Lease::Lease(ReaderPool& pool, std::unique_ptr<Database> database)
    : pool_(&pool), database_(std::move(database)) {}

ReaderPool::Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_), database_(std::move(other.database_)), snapshot_(std::move(other.snapshot_)) {}

ReaderPool::Lease::~Lease() {
  if (!database_) return;
  snapshot_.reset();  // a read transaction has nothing to commit: ending it is enough
  pool_->give_back(std::move(database_));
}

Result<std::unique_ptr<ReaderPool>> ReaderPool::open(const std::filesystem::path& file, int readers) {
  std::unique_ptr<ReaderPool> pool(new ReaderPool);  // NOLINT: private constructor
  for (int i = 0; i < readers; ++i) {
    MJ_TRY(auto database, Database::open(file, Database::Mode::read));
    pool->give_back(std::move(database));
  }
  return pool;
}

Result<ReaderPool::Lease> ReaderPool::lease() {
  std::unique_ptr<Database> database;
  {
    MutexLock lock(mutex_);
    while (idle_.empty()) returned_.wait(mutex_);
    database = std::move(idle_.back());
    idle_.pop_back();
  }
  Lease lease(*this, std::move(database));
  MJ_TRY(auto snapshot, Transaction::begin(*lease.database_, Transaction::Kind::read));
  lease.snapshot_ = std::make_unique<Transaction>(std::move(snapshot));
  return lease;
}

void ReaderPool::give_back(std::unique_ptr<Database> database) {
  {
    MutexLock lock(mutex_);
    idle_.push_back(std::move(database));
  }
  returned_.notify_one();
}

}  // namespace mj::index
