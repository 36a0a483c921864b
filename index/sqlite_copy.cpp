#include <sqlite3.h>

#include <thread>

#include "index/sqlite.h"

namespace mj::index {

namespace {

constexpr int kPagesAtOnce = 1024;              // 4 MB
constexpr int kInstructionsAtOnce = 1'000'000;  // of a check, between two looks whether to go on
constexpr const char* kSnapshot = "SELECT count(*) FROM sqlite_schema";
// Synced by whoever wants the file; if we end in the middle there is no file to roll back.
constexpr const char* kFresh =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;";
// The copy says of itself that it has a WAL, as the original; alone it is to be one file.
constexpr const char* kOneFile = "PRAGMA journal_mode=DELETE;";
constexpr const char* kQuickCheck = "PRAGMA quick_check(1)";

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};
using UniqueBackup = std::unique_ptr<sqlite3_backup, FinishBackup>;
using GoOn = std::function<bool()>;

/// Half of the time it rests, so that others get the disk.
Result<void> copy_pages(sqlite3* source, sqlite3* copy, const GoOn& go_on) {
  const UniqueBackup backup(sqlite3_backup_init(copy, "main", source, "main"));
  if (!backup) return fail_sqlite(copy, sqlite3_errcode(copy), "copy");
  while (true) {
    if (!go_on()) return fail(ErrorKind::cancelled, "copy: given up");
    const auto begin = std::chrono::steady_clock::now();
    const int code = sqlite3_backup_step(backup.get(), kPagesAtOnce);
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_OK) return fail_sqlite(copy, code, "copy");
    std::this_thread::sleep_for(std::chrono::steady_clock::now() - begin);
  }
}

int ask(void* go_on) {
  return (*static_cast<const GoOn*>(go_on))() ? 0 : 1;
}

Result<void> check_copy(sqlite3* copy, const GoOn& go_on) {
  sqlite3_progress_handler(copy, kInstructionsAtOnce, &ask, const_cast<GoOn*>(&go_on));
  sqlite3_stmt* raw = nullptr;
  int code = sqlite3_prepare_v2(copy, kQuickCheck, -1, &raw, nullptr);
  const UniqueStatement statement(raw);
  if (code != SQLITE_OK) return fail_sqlite(copy, code, "check of the copy");
  code = sqlite3_step(raw);
  if (code != SQLITE_ROW) return fail_sqlite(copy, code, "check of the copy");
  const std::string found = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
  if (found == "ok") return {};
  return fail(ErrorKind::corrupt, "check of the copy: {}", found);
}

}  // namespace

Result<void> Database::copy_to(const std::filesystem::path& target, const GoOn& go_on) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(target.c_str(), &raw, flags, nullptr);
  Database copy{UniqueDatabase(raw)};
  if (code != SQLITE_OK) return fail_sqlite(raw, code, target.c_str());
  MJ_CHECK(copy.script(kFresh));
  {
    // Without a snapshot of its own the copy would begin anew with each commit of the writer, for ever.
    MJ_TRY(const auto snapshot, Transaction::begin(*this, Transaction::Kind::read));
    MJ_CHECK(run(kSnapshot));
    MJ_CHECK(copy_pages(handle_.get(), raw, go_on));
  }
  MJ_CHECK(copy.script(kOneFile));
  return check_copy(raw, go_on);
}

}  // namespace mj::index
