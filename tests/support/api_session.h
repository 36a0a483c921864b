#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/agent/https_client.h"
#include "config/base/bytes.h"

namespace mj::test {

/// One fragment as the binary index lists it (server/openapi.yaml), with its place in the file.
struct ListedFragment {
  WallTime start, end;
  uint64_t offset = 0;
  uint32_t video_bytes = 0;
  bool key = false;
};

struct ListedSegment {
  WallTime start, run_start, end;
  std::vector<ListedFragment> fragments;
};

/// A person's session with the HTTP API, for test tools. Thread: one. Errors: as HttpsClient; invalid for
/// answers that are not what openapi.yaml says.
class ApiSession {
 public:
  [[nodiscard]] static Result<ApiSession> open(const std::string& server, const std::string& ca_file);

  /// Makes the first account with the one-time token and signs in.
  [[nodiscard]] Result<void> sign_in_first(const std::string& token);

  [[nodiscard]] Result<boost::json::value> get_json(const std::string& target);
  [[nodiscard]] Result<Bytes> get_bytes(const std::string& target, const std::string& range = {});

  /// The fragment index of a stream.
  [[nodiscard]] Result<std::vector<ListedSegment>> index(const std::string& stream, WallTime from,
                                                         WallTime to);
  /// Init segment plus the video of fragments [first, last] of one segment: a file that decodes.
  [[nodiscard]] Result<Bytes> footage(const std::string& stream, const ListedSegment& segment,
                                      std::size_t first, std::size_t last);

 private:
  explicit ApiSession(std::unique_ptr<agent::HttpsClient> client) : client_(std::move(client)) {}
  [[nodiscard]] Result<agent::Response> request(const std::string& method, const std::string& target,
                                                agent::Headers headers, std::string body);

  std::unique_ptr<agent::HttpsClient> client_;
  std::string cookie_;
};

}  // namespace mj::test
