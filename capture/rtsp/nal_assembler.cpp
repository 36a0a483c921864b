#include "capture/rtsp/nal_assembler.h"

#include <algorithm>

namespace mj::capture::rtsp {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kMaxPicturelessBytes =
    64 * 1024;  // SEI and parameter sets without a picture to go with

void write_length(uint8_t* at, std::size_t length) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<uint8_t>(length >> (24 - 8 * i));
}

/// Length of the start code `bytes` begin with (ISO/IEC 14496-10 annex B), or 0.
std::size_t start_code(BytesView bytes) {
  std::size_t zeros = 0;
  while (zeros < bytes.size() && bytes[zeros] == 0) ++zeros;
  return zeros >= 2 && zeros < bytes.size() && bytes[zeros] == 1 ? zeros + 1 : 0;
}

/// Where the next start code begins, or the end.
std::size_t find_start_code(BytesView bytes, std::size_t from) {
  constexpr uint8_t kCode[] = {0, 0, 1};
  const auto found = std::search(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(),
                                 std::begin(kCode), std::end(kCode));
  return static_cast<std::size_t>(found - bytes.begin());
}

}  // namespace

void NalAssembler::begin_packet(uint32_t rtp_time) {
  if (nal_open_ && rtp_time != time_) end_nal();
  if (unit_open_ && has_picture_ && rtp_time != time_) finish_unit();
  if (!has_picture_) time_ = rtp_time;
}

void NalAssembler::end_packet(bool marker) {
  if (marker && nal_open_) end_nal();
  if (!unit_open_ || nal_open_) return;
  if (has_picture_) {
    if (marker && !distrust_markers_) finish_unit();
  } else if (buffer().size() - unit_begin_ > kMaxPicturelessBytes) {
    drop_unit();
  }
}

void NalAssembler::open_unit() {
  if (unit_open_) return;
  unit_open_ = true;
  unit_begin_ = buffer().size();
}

bool NalAssembler::add_aggregate(BytesView sized) {
  while (sized.size() > 2) {
    const std::size_t size = read_u16(sized.data());
    sized = sized.subspan(2);
    if (size > sized.size()) {
      lost();
      return false;
    }
    if (size > 0) add(sized.first(size));
    sized = sized.subspan(size);
  }
  return true;
}

void NalAssembler::begin_nal(BytesView first) {
  if (nal_open_) end_nal();
  open_unit();
  Bytes& out = buffer();
  nal_begin_ = out.size();
  nal_open_ = true;
  out.insert(out.end(), kLengthBytes, 0);
  append(first);
}

void NalAssembler::append(BytesView more) {
  if (!nal_open_ || damaged_) return;
  Bytes& out = buffer();
  if (out.size() - unit_begin_ + more.size() > kMaxUnitBytes) {
    damaged_ = true;
    return;
  }
  out.insert(out.end(), more.begin(), more.end());
}

void NalAssembler::end_nal() {
  if (!nal_open_) return;
  nal_open_ = false;
  Bytes& out = buffer();
  const BytesView nal = BytesView(out).subspan(nal_begin_ + kLengthBytes);
  if (nal.empty()) {
    out.resize(nal_begin_);
    return;
  }
  const auto kind = syntax_->kind(nal);
  const bool picture = kind == NalSyntax::Kind::picture || kind == NalSyntax::Kind::key_picture;
  // Start codes belong to another format; some cameras put several NAL units with them where one should be.
  if ((!picture || start_code(nal) > 0) && split_annex_b(nal_begin_)) return;
  write_length(&out[nal_begin_], nal.size());
  take_in(nal);
}

bool NalAssembler::split_annex_b(std::size_t begin) {
  Bytes& out = buffer();
  const BytesView whole = BytesView(out).subspan(begin + kLengthBytes);
  if (find_start_code(whole, 0) == whole.size()) return false;
  const Bytes copy(whole.begin(), whole.end());
  out.resize(begin);
  const BytesView bytes(copy);
  std::size_t at = start_code(bytes);
  while (at < bytes.size()) {
    const std::size_t next = find_start_code(bytes, at);
    BytesView nal = bytes.subspan(at, next - at);
    while (!nal.empty() && nal.back() == 0) nal = nal.first(nal.size() - 1);
    if (!nal.empty()) {
      const std::size_t place = out.size();
      out.insert(out.end(), kLengthBytes, 0);
      write_length(&out[place], nal.size());
      out.insert(out.end(), nal.begin(), nal.end());
      take_in(nal);
    }
    at = next + 3;
  }
  return true;
}

void NalAssembler::take_in(BytesView nal) {
  switch (syntax_->kind(nal)) {
    case NalSyntax::Kind::picture:
      note_picture(nal, false);
      break;
    case NalSyntax::Kind::key_picture:
      note_picture(nal, true);
      break;
    case NalSyntax::Kind::parameters:
      syntax_->learn(nal);
      break;
    case NalSyntax::Kind::other:
      if (syntax_->says_recovery(nal)) recovery_ = true;
      break;
  }
}

void NalAssembler::note_picture(BytesView nal, bool key) {
  const bool continues =
      emitted_any_ && !has_picture_ && time_ == emitted_time_ && !syntax_->begins_picture(nal);
  if (continues && !gap_) distrust_markers_ = true;
  if (gap_ && !has_picture_ && !syntax_->begins_picture(nal)) damaged_ = true;  // its first slices are lost
  key_ = key_ || key || (recovery_ && !has_picture_ && syntax_->is_intra(nal));
  has_picture_ = true;
}

void NalAssembler::learn(BytesView nal) {
  std::size_t at = start_code(nal);
  while (at < nal.size()) {
    const std::size_t next = find_start_code(nal, at);
    syntax_->learn(nal.subspan(at, next - at));
    at = next + 3;
  }
}

void NalAssembler::lost() {
  gap_ = waiting_for_key_ = true;
  if (!unit_open_) return;
  damaged_ = has_picture_ || nal_open_;
  if (nal_open_) buffer().resize(nal_begin_);
  nal_open_ = false;
}

void NalAssembler::flush() {
  if (nal_open_) lost();  // its end will not come
  if (unit_open_ && has_picture_) {
    finish_unit();
  } else {
    drop_unit();
  }
}

void NalAssembler::finish_unit() {
  if (key_) config_ = syntax_->config();
  const bool wanted = !damaged_ && config_ && (key_ || !waiting_for_key_);
  if (wanted) return emit();
  gap_ = waiting_for_key_ = true;
  ++counts_.dropped_units;
  if (key_ && !config_) ++counts_.unusable_keys;
  drop_unit();
}

void NalAssembler::emit() {
  Unit unit;
  unit.rtp_time = time_;
  unit.bytes = buffer().size() - unit_begin_;
  unit.key = key_;
  unit.after_gap = gap_;
  unit.config = config_;
  waiting_for_key_ = gap_ = false;
  emitted_any_ = true;
  emitted_time_ = time_;
  unit_open_ = has_picture_ = key_ = recovery_ = false;
  ++counts_.units;
  sink_.on_unit(unit);
}

void NalAssembler::drop_unit() {
  if (unit_open_) buffer().resize(unit_begin_);
  nal_open_ = unit_open_ = has_picture_ = key_ = recovery_ = damaged_ = false;
}

}  // namespace mj::capture::rtsp
