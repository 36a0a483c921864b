#include "index/coverage.h"
#include "index/footage.h"
#include "index/index.h"
#include "index/migrate.h"
#include "index/sqlite.h"

namespace mj::index {
namespace {

/// What comes after the newest closed row is not known here, however long ago that was.
constexpr Duration kForEver = Duration::max();

Result<Coverage> coverage_of(Database& database, const StreamRow& stream, WallTime from, WallTime to,
                             WallTime now) {
  MJ_TRY(const auto end, stream_end(database, stream));
  MJ_TRY(CoverageFacts facts, coverage_rows(database, stream, from, to));
  // No row says what there is between the newest one and a gap that is open: a segment that a disk does not
  // let anybody close, perhaps. For as long as the gap is open its cause is what keeps us from knowing.
  for (Gap& gap : facts.gaps) {
    if (!gap.end && end.accounted) gap.begin = std::min(gap.begin, *end.accounted);
  }
  facts.now = now;
  facts.footage_end = end.accounted.value_or(stream.configured);
  facts.patience = kForEver;
  return build_coverage(std::move(facts));
}

Result<std::vector<StreamRow>> chosen_streams(Database& database, const StreamKey& stream) {
  if (stream.empty()) return all_streams(database);
  MJ_TRY(const auto row, find_stream(database, stream));
  if (!row) return fail(ErrorKind::not_found, "there is no stream \"{}\"", stream);
  return std::vector<StreamRow>{*row};
}

}  // namespace

Result<std::vector<std::pair<StreamKey, Coverage>>> read_ledger(const std::filesystem::path& directory,
                                                                const StreamKey& stream, WallTime from,
                                                                WallTime to, const Clock& clock) {
  std::vector<std::pair<StreamKey, Coverage>> ledger;
  MJ_CHECK(read_beside(directory, [&](Database& database) -> Result<void> {
    MJ_TRY(const auto rows, chosen_streams(database, stream));
    for (const StreamRow& row : rows) {
      MJ_TRY(auto coverage, coverage_of(database, row, from, to, clock.now()));
      ledger.emplace_back(row.key, std::move(coverage));
    }
    return {};
  }));
  return ledger;
}

}  // namespace mj::index
