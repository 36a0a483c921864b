#pragma once

#include <boost/json/value.hpp>

#include "index/holds.h"
#include "index/register.h"
#include "server/server.h"

/// The facts as openapi.yaml writes them.
namespace mj::server {

namespace json = boost::json;

[[nodiscard]] json::value to_json(const std::optional<index::Named>& named);
[[nodiscard]] json::value to_json(const std::optional<WallTime>& time);
[[nodiscard]] json::object to_json(const index::CaseHit& hit);
[[nodiscard]] json::object to_json(const index::CaseAnswer& answer);
[[nodiscard]] json::object to_json(const index::Visit& visit);
[[nodiscard]] json::object to_json(const index::VisitLine& line);
[[nodiscard]] json::object to_json(const index::Hold& hold);
[[nodiscard]] json::object to_json(const index::Alert& alert);
[[nodiscard]] json::object to_json(const index::RegisterEntry& entry);
[[nodiscard]] json::object to_json(const index::Coverage& coverage);
[[nodiscard]] json::object to_json(const capture::ClockOffset& offset);
[[nodiscard]] json::object to_json(const index::ShotRow& shot);
[[nodiscard]] json::object to_json(const capture::AgentStatus& agent);
[[nodiscard]] json::object to_json(const capture::StreamStatus& status, const config::Settings& settings);
[[nodiscard]] json::object to_json(const storage::StoreStatus& status);

/// What capture::StreamStatus::State is called outside.
[[nodiscard]] const char* name(capture::StreamStatus::State state);

}  // namespace mj::server
