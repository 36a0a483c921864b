#include "storage/fragment_walk.h"

#include <limits>

#include "storage/inspect.h"

namespace mj::storage {

namespace {

constexpr std::size_t kMaxSmallBox = 1 << 20;  // moof, prft and the shot's facts
constexpr int64_t kNtpToUnix = 2'208'988'800;  // seconds from 1900 to 1970, RFC 5905 §6

/// NTP has 32 bits of seconds and comes round in 2036; `near` tells which round is meant.
WallTime from_ntp(uint64_t ntp, WallTime near) {
  const int64_t near_seconds = to_us(near) / 1'000'000 + kNtpToUnix;
  const auto ahead =
      static_cast<int32_t>(static_cast<uint32_t>(ntp >> 32) - static_cast<uint32_t>(near_seconds));
  const uint64_t micros = ((ntp & 0xFFFFFFFF) * 1'000'000 + (1ULL << 31)) >> 32;
  return from_us((near_seconds - kNtpToUnix + ahead) * 1'000'000 + static_cast<int64_t>(micros));
}

std::optional<uint64_t> parse_prft(BytesView payload) {
  ByteReader reader(payload);
  reader.skip(4);
  if (reader.u32() != kVideoTrack) return std::nullopt;
  const uint64_t ntp = reader.u64();
  return reader.ok() ? std::optional(ntp) : std::nullopt;
}

}  // namespace

Result<void> FragmentWalk::run(uint64_t from) {
  at_ = from;
  group_.begin = from;
  out_.bytes = from;
  bool more = true;
  while (more && out_.fragments.size() < kMaxFragments) {
    MJ_TRY(more, step());
  }
  if (!out_.fragments.empty()) out_.end = out_.fragments.back().end;
  return {};
}

/// Takes one box; false when it is not one of a fragment's or not whole.
Result<bool> FragmentWalk::step() {
  MJ_TRY(const BytesView head, window_.at(at_, 16));
  const auto header = read_box_header(head, window_.bytes() - at_);
  if (!header) return false;
  bool good = false;
  if (header->type == box_type("mdat")) {
    good = take_mdat(*header);
  } else if (!group_.moof && header->bytes <= kMaxSmallBox) {
    MJ_TRY(good, read_small(*header));
  }
  if (!good) return false;
  at_ += header->bytes;
  if (header->type == box_type("mdat")) {
    out_.bytes = at_;
    group_ = Group{};
    group_.begin = at_;
  }
  return true;
}

Result<bool> FragmentWalk::read_small(const BoxHeader& header) {
  MJ_TRY(const BytesView whole, window_.at(at_, header.bytes));
  if (whole.size() < header.bytes) return false;
  const BytesView payload = whole.subspan(header.header_bytes);
  if (header.type == box_type("moof")) return take_moof(payload);
  if (header.type == box_type("prft")) {
    group_.ntp = parse_prft(payload);
    return true;
  }
  if (header.type != box_type("uuid") || payload.size() < capture::kShotBoxType.size()) return false;
  const std::size_t width = capture::kShotBoxType.size();
  if (std::equal(payload.begin(), payload.begin() + width, capture::kShotBoxType.begin())) {
    group_.shot = capture::parse_shot_box(payload.subspan(width));
  }
  return true;
}

bool FragmentWalk::take_moof(BytesView payload) {
  auto parsed = parse_movie_fragment(payload, tracks_);
  if (!parsed) return false;
  // Audio without a picture before it belongs to no fragment.
  if (parsed->track != kVideoTrack && (out_.fragments.empty() || parsed->empty)) return false;
  group_.moof = *parsed;
  group_.moof_begin = at_;
  return true;
}

bool FragmentWalk::take_mdat(const BoxHeader& header) {
  if (!group_.moof) return false;
  const MovieFragment& moof = *group_.moof;
  const uint64_t payload = at_ + header.header_bytes;
  const uint64_t end = at_ + header.bytes;
  const uint64_t data =
      moof.data_offset ? group_.moof_begin + static_cast<uint64_t>(int64_t{*moof.data_offset}) : payload;
  if (data < payload || data > end || moof.sample_bytes > end - data) return false;
  const uint64_t fragment = moof.track == kVideoTrack ? group_.begin : out_.fragments.back().offset;
  if (end - fragment > std::numeric_limits<uint32_t>::max()) return false;
  if (moof.track == kVideoTrack) {
    add_video(moof, data, end);
  } else {
    out_.fragments.back().bytes = static_cast<uint32_t>(end - fragment);
  }
  return true;
}

void FragmentWalk::add_video(const MovieFragment& moof, uint64_t data_begin, uint64_t end) {
  // Back on the run's line, where capture did its sums: the very same microseconds come out.
  const WallTime run_start = out_.run->start;
  const int64_t begin =
      static_cast<int64_t>(moof.decode_time) + to_ticks(out_.segment.start - run_start, moof.timescale);
  const WallTime counted = run_start + from_ticks(begin, moof.timescale);
  const WallTime counted_end =
      run_start + from_ticks(begin + static_cast<int64_t>(moof.duration), moof.timescale);
  FragmentPlace place;
  place.start = group_.ntp ? from_ntp(*group_.ntp, counted) : counted;
  place.end = place.start + (counted_end - counted);
  place.offset = group_.begin;
  place.bytes = static_cast<uint32_t>(end - group_.begin);
  if (!moof.empty) place.video_bytes = place.bytes;
  if (moof.first_is_sync)
    place.key_bytes = static_cast<uint32_t>(data_begin + moof.first_bytes - group_.begin);
  out_.fragments.push_back(place);
  if (group_.shot || !out_.shots.empty() || out_.segment.stream.ends_with(".screen")) {
    out_.shots.resize(out_.fragments.size() - 1);
    out_.shots.push_back(group_.shot.value_or(capture::ShotFacts{}));
  }
}

}  // namespace mj::storage
