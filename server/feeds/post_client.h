#pragma once

#include "config/config.h"
#include "server/feeds/importer.h"

namespace mj::server {

/// Hands events to the mingjingd of the same settings, over its own HTTP interface: it keeps its one writer,
/// and what is taken there is checked there. Owner: one import. Thread: one, which waits. It trusts only the
/// very certificate that mingjingd serves with. Failure: unavailable (no connection, 30 s without an answer,
/// 503), denied, no_space; the batch may then be sent again, as events are idempotent.
class PostClient {
 public:
  PostClient(const config::Settings& settings, const config::Feed& feed);

  [[nodiscard]] Result<index::Ingested> post(const std::vector<index::Event>& events) const;

 private:
  std::string host_;
  uint16_t port_;
  bool tls_;
  std::filesystem::path certificate_;
  Secret token_;
};

}  // namespace mj::server
