#include "capture/screen_intake.h"

namespace mj::capture {
namespace {

Error unknown(const std::string& workstation) {
  return {ErrorKind::not_found, fmt::format("no workstation {} is configured", workstation)};
}

}  // namespace

ScreenIntake::ScreenIntake(const config::Settings& settings, const Clock& clock, Outlet& outlet) {
  for (const config::Workstation& workstation : settings.workstations) {
    auto screen = std::make_unique<Screen>(workstation.id, clock, outlet, pool_);
    order_.push_back(screen.get());
    screens_.emplace(workstation.id, std::move(screen));
  }
}

void ScreenIntake::start() {
  for (const auto& [workstation, screen] : screens_) screen->start();
}

Accepted ScreenIntake::accept(const EntryBatch& batch, const KnownEntries& known) {
  const auto found = screens_.find(batch.workstation);
  if (found != screens_.end()) return found->second->accept(batch, known);
  Accepted nothing;
  nothing.refusal = unknown(batch.workstation);
  return nothing;
}

Result<ScreenPosition> ScreenIntake::position(const std::string& workstation, const std::string& agent,
                                              const KnownEntries& known) {
  const auto found = screens_.find(workstation);
  if (found == screens_.end()) return tl::unexpected(unknown(workstation));
  return found->second->position(agent, known);
}

Duration ScreenIntake::charge_upload(const std::string& workstation, uint64_t bytes) {
  const auto found = screens_.find(workstation);
  return found == screens_.end() ? Duration(0) : found->second->charge_upload(bytes);
}

void ScreenIntake::tick() {
  for (const auto& [workstation, screen] : screens_) screen->tick();
}

void ScreenIntake::stop() {
  for (const auto& [workstation, screen] : screens_) screen->stop();
}

std::vector<StreamStatus> ScreenIntake::status() const {
  std::vector<StreamStatus> all;
  for (const Screen* screen : order_) all.push_back(screen->status());
  return all;
}

}  // namespace mj::capture
