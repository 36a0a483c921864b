#include "index/holds.h"

#include "index/hold_rows.h"
#include "index/impl.h"
#include "index/migrate.h"

namespace mj::index {

namespace {

constexpr const char* kPlacedBy = "SELECT 1 FROM holds WHERE id = ?1 AND login = ?2 AND reason = ?3";
constexpr const char* kLiftedBy =
    "SELECT 1 FROM holds WHERE id = ?1 AND lifted_us = ?2 AND lifted_login = ?3 AND lifted_reason = ?4";

Result<bool> is_there(Result<std::optional<bool>> found) {
  if (!found) return tl::unexpected(found.error());
  return found->has_value();
}
bool yes(const Statement& /*row*/) {
  return true;
}

/// One change of holds, which its transaction may have to try twice: what reached holds.log the first time
/// is there again at the second, and is not done once more.
class Change {
 public:
  static Change placing(const HoldOrder& order, WallTime now) {
    return {&order, 0, order.reason, order.by, now};
  }
  static Change lifting(int64_t id, const std::string& reason, const HoldPerson& by, WallTime now) {
    return {nullptr, id, reason, by, now};
  }

  Result<void> run(Database& database, HoldLog* log) {
    if (logged_) {
      MJ_TRY(const bool done, is_done(database));
      if (done) return {};
    }
    logged_ = false;
    if (order_ != nullptr) {
      MJ_TRY(id_, put_hold(database, *order_, now_));
    } else {
      MJ_CHECK(lift_hold(database, id_, reason_, by_, now_));
    }
    if (log != nullptr) MJ_CHECK(log->write(database));
    logged_ = true;
    return {};
  }

  /// The error that `run`'s transaction ended with, for people.
  [[nodiscard]] Error explained(Error error) const {
    // Outside the writer, which would have taken it for its own disk's trouble.
    if (error.kind == ErrorKind::internal) error.kind = ErrorKind::unavailable;
    if (logged_)
      error.message += "; it stands in holds.log and counts as soon as the index can be written again";
    return error;
  }
  [[nodiscard]] int64_t id() const { return id_; }

 private:
  Change(const HoldOrder* order, int64_t id, const std::string& reason, const HoldPerson& by, WallTime now)
      : order_(order), id_(id), reason_(reason), by_(by), now_(now) {}

  Result<bool> is_done(Database& database) const {
    if (order_ != nullptr) return is_there(database.first(kPlacedBy, yes, id_, by_.login, reason_));
    return is_there(database.first(kLiftedBy, yes, id_, now_, by_.login, reason_));
  }

  const HoldOrder* order_;  ///< none: lifts
  int64_t id_;
  const std::string& reason_;
  const HoldPerson& by_;
  WallTime now_;
  bool logged_ = false;
};

Result<Hold> change_beside(const std::filesystem::path& directory, Change change) {
  MJ_TRY(const auto database, open_beside(directory, Database::Mode::write));
  HoldLog log(directory);
  const auto attempt = [&]() -> Result<void> {
    MJ_TRY(auto transaction, Transaction::begin(*database, Transaction::Kind::write));
    MJ_CHECK(log.begin(*database));
    MJ_CHECK(change.run(*database, &log));
    MJ_CHECK(transaction.commit());
    log.committed();
    return {};
  };
  auto done = attempt();
  // As the writer does; mingjingd makes the ballast anew when there is room.
  if (!done && done.error().kind == ErrorKind::no_space && Ballast(directory / "ballast").release()) {
    done = attempt();
  }
  if (!done) return tl::unexpected(change.explained(std::move(done).error()));
  return hold_answer(*database, change.id());
}

}  // namespace

Result<Hold> Holds::place(const HoldOrder& order) {
  auto change = Change::placing(order, index_.impl_->clock.now());
  auto done = index_.impl_->writer->call(
      [&](Database& database) { return change.run(database, index_.impl_->hold_log.get()); });
  if (!done) return tl::unexpected(change.explained(std::move(done).error()));
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  return hold_answer(*lease, change.id());
}

Result<Hold> Holds::lift(int64_t id, const std::string& reason, const HoldPerson& by) {
  auto change = Change::lifting(id, reason, by, index_.impl_->clock.now());
  auto done = index_.impl_->writer->call(
      [&](Database& database) { return change.run(database, index_.impl_->hold_log.get()); });
  if (!done) return tl::unexpected(change.explained(std::move(done).error()));
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  return hold_answer(*lease, id);
}

Result<Holds::Page> Holds::list(const Filter& filter) const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  return list_holds(*lease, filter);
}

Result<Hold> Holds::place(const std::filesystem::path& directory, const HoldOrder& order,
                          const Clock& clock) {
  return change_beside(directory, Change::placing(order, clock.now()));
}

Result<Hold> Holds::lift(const std::filesystem::path& directory, int64_t id, const std::string& reason,
                         const HoldPerson& by, const Clock& clock) {
  return change_beside(directory, Change::lifting(id, reason, by, clock.now()));
}

Result<Holds::Page> Holds::list(const std::filesystem::path& directory, const Filter& filter) {
  MJ_TRY(const auto database, open_beside(directory, Database::Mode::read));
  return list_holds(*database, filter);
}

}  // namespace mj::index
