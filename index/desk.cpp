#include "index/desk.h"

#include "index/cases.h"
#include "index/impl.h"
#include "index/link_rows.h"

namespace mj::index {

Result<Desk::Page> Desk::visits(const Filter& filter) const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  return list_visits(*lease, filter);
}

Result<Visit> Desk::visit(int64_t id) const {
  std::vector<Visit> visits;
  {
    MJ_TRY(const auto lease, index_.impl_->readers->lease());
    MJ_TRY(visits.emplace_back(), visit_answer(*lease, id));
  }
  MJ_CHECK(index_.impl_->tell_states(visits));
  return std::move(visits.front());
}

Result<void> Desk::decide(const Decision& decision) {
  return index_.impl_->writer->call(
      [&](Database& database) { return take_decision(database, decision, index_.impl_->clock.now()); });
}

}  // namespace mj::index
