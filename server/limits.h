#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Everything a client can make us spend, in one place.
namespace mj::server {

constexpr uint32_t kHeaderBytes = 16 * 1024;
constexpr uint32_t kTargetBytes = 4 * 1024;
constexpr uint32_t kSmallBody = 16 * 1024;
constexpr uint32_t kEventsBody = 1024 * 1024;
constexpr uint32_t kEntriesBody = 32 * 1024 * 1024;
constexpr std::size_t kEntriesPerUpload = 4000;
/// All bodies being received together. Beyond it a request is told to come again.
constexpr uint64_t kBodiesInFlight = 256ULL * 1024 * 1024;
constexpr uint64_t kModestBody = 1024 * 1024;  ///< a quarter of that is for bodies up to here

constexpr std::size_t kConnections = 448;           ///< 200 agents keep one each
constexpr std::size_t kConnectionsPerAddress = 32;  ///< loopback is free: a local proxy carries many people

/// A segment's bytes leave in pieces of this size; one range is at most kRangeBytes.
constexpr uint32_t kPieceBytes = 256 * 1024;
constexpr uint64_t kRangeBytes = 32ULL * 1024 * 1024;

constexpr std::size_t kJsonDepth = 8;
constexpr std::size_t kEventsPerBatch = 1000;
constexpr int kLinesPerBatch = 10'000;

/// How long a client may take. Bodies and answers must also keep a minimum rate, so that a slow one cannot
/// hold a connection by sending a byte now and then.
struct Deadlines {
  std::chrono::milliseconds handshake{5000};
  std::chrono::milliseconds header{5000};
  std::chrono::milliseconds idle{60000};        ///< between the requests of one connection
  std::chrono::milliseconds body_grace{10000};  ///< before the minimum rate of a body counts
  std::chrono::milliseconds write_grace{15000};
  std::chrono::milliseconds linger{1000};
  std::chrono::milliseconds drain{3000};  ///< how long stop() waits for requests under way
  uint32_t bytes_per_second = 16 * 1024;  ///< the minimum rate, both ways
};

}  // namespace mj::server
