#include "index/register.h"

#include "index/impl.h"
#include "index/migrate.h"

namespace mj::index {

Result<void> Register::note(RegisterEntry entry) {
  entry.at = index_.impl_->clock.now();
  RegisterLog& log = *index_.impl_->register_log;
  const auto ticket = std::make_shared<RegisterLog::Waiting>();
  ticket->entry = std::move(entry);
  log.add(ticket);
  auto done = index_.impl_->writer->call([&](Database& database) { return log.write(database, ticket); });
  log.drop(ticket);
  // Outside the writer, which would have taken it for its own disk's trouble.
  if (!done && done.error().kind != ErrorKind::no_space) done.error().kind = ErrorKind::unavailable;
  return done;
}

Result<Register::Page> Register::list(const Filter& filter) const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  return list_register(*lease, filter);
}

Result<Register::Page> Register::list(const std::filesystem::path& directory, const Filter& filter) {
  MJ_TRY(const auto database, open_beside(directory, Database::Mode::read));
  return list_register(*database, filter);
}

Result<std::vector<std::string>> Register::troubles(const std::filesystem::path& directory) {
  MJ_TRY(const auto database, open_beside(directory, Database::Mode::read));
  return RegisterLog::troubles(*database, directory);
}

}  // namespace mj::index
