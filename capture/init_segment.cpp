#include <fmt/format.h>

#include <bit>

#include "capture/mp4_boxes.h"

namespace mj::capture {
namespace {

using rtsp::Codec;

constexpr uint32_t kMovieTimescale = 1000;
constexpr uint16_t kLanguageUndetermined = 0x55C4;  // "und", ISO 639-2/T packed as §8.4.2.3 says
constexpr uint64_t kNonSyncSample = 0x01010000;     // depends on others, is no sync sample (§8.8.3.1)

void put_matrix(BoxWriter& out) {
  for (const uint32_t value : {0x10000U, 0U, 0U, 0U, 0x10000U, 0U, 0U, 0U, 0x40000000U}) out.u32(value);
}

void put_ftyp(BoxWriter& out) {
  out.begin("ftyp");
  out.text("iso6");
  out.u32(0);
  for (const auto* brand : {"iso6", "iso5", "mp41", "dash"}) out.text(brand);
  out.end();
}

void put_mvhd(BoxWriter& out, uint32_t next_track) {
  out.begin_full("mvhd", 0, 0);
  out.zeros(8);  // creation and modification: the file's times are in its fragments
  out.u32(kMovieTimescale);
  out.u32(0);  // duration: fragmented
  out.u32(0x10000);
  out.u16(0x100);
  out.zeros(10);
  put_matrix(out);
  out.zeros(24);
  out.u32(next_track);
  out.end();
}

void put_tkhd(BoxWriter& out, uint32_t track, int width, int height) {
  out.begin_full("tkhd", 0, 3);  // enabled, in the movie
  out.zeros(8);
  out.u32(track);
  out.zeros(18);                          // reserved, duration, reserved, layer
  out.u16(track == kAudioTrack ? 1 : 0);  // alternate group
  out.u16(track == kAudioTrack ? 0x100 : 0);
  out.u16(0);
  put_matrix(out);
  out.u32(static_cast<uint64_t>(width) << 16);
  out.u32(static_cast<uint64_t>(height) << 16);
  out.end();
}

void put_media_header(BoxWriter& out, uint32_t timescale, std::string_view handler, std::string_view name) {
  out.begin_full("mdhd", 0, 0);
  out.zeros(8);
  out.u32(timescale);
  out.u32(0);
  out.u16(kLanguageUndetermined);
  out.u16(0);
  out.end();
  out.begin_full("hdlr", 0, 0);
  out.u32(0);
  out.text(handler);
  out.zeros(12);
  out.text(name);
  out.u8(0);
  out.end();
}

/// The samples are in the file itself.
void put_dinf(BoxWriter& out) {
  out.begin("dinf");
  out.begin_full("dref", 0, 0);
  out.u32(1);
  out.begin_full("url ", 0, 1);
  out.end();
  out.end();
  out.end();
}

/// Tables that are empty because all samples are in fragments.
void put_empty_tables(BoxWriter& out) {
  for (const auto* type : {"stts", "stsc", "stco"}) {
    out.begin_full(type, 0, 0);
    out.u32(0);
    out.end();
  }
  out.begin_full("stsz", 0, 0);
  out.u32(0);
  out.u32(0);
  out.end();
}

/// ISO/IEC 14496-15 §5.4.2.1 (avc1), §8.4.1.1 (hvc1): parameter sets are in the configuration record, not in
/// samples.
void put_visual_entry(BoxWriter& out, const rtsp::VideoConfig& video) {
  const bool hevc = video.codec == Codec::h265;
  out.begin(hevc ? "hvc1" : "avc1");
  out.zeros(6);
  out.u16(1);  // data reference
  out.zeros(16);
  out.u16(static_cast<uint64_t>(video.width));
  out.u16(static_cast<uint64_t>(video.height));
  out.u32(0x480000);  // 72 dpi
  out.u32(0x480000);
  out.u32(0);
  out.u16(1);  // pictures per sample
  out.zeros(32);
  out.u16(24);
  out.u16(0xFFFF);
  out.begin(hevc ? "hvcC" : "avcC");
  out.bytes(video.record);
  out.end();
  out.end();
}

void put_descriptor_header(BoxWriter& out, uint8_t tag, std::size_t size) {
  out.u8(tag);
  out.u8(size);  // AudioSpecificConfigs are short: one byte of size does
}

/// ISO/IEC 14496-1 §7.2.6: ES_Descriptor with an AudioSpecificConfig.
void put_esds(BoxWriter& out, const AudioConfig& audio) {
  const std::size_t config = std::min<std::size_t>(audio.aac_config.size(), 64);
  out.begin_full("esds", 0, 0);
  put_descriptor_header(out, 0x03, 3 + 2 + 13 + 2 + config + 3);
  out.u16(kAudioTrack);
  out.u8(0);
  put_descriptor_header(out, 0x04, 13 + 2 + config);
  out.u8(0x40);  // MPEG-4 audio
  out.u8(0x15);  // audio stream
  out.zeros(3);  // buffer size and bit rates: not known
  out.zeros(8);
  put_descriptor_header(out, 0x05, config);
  out.bytes(BytesView(audio.aac_config).first(config));
  put_descriptor_header(out, 0x06, 1);
  out.u8(0x02);
  out.end();
}

void put_sound_entry(BoxWriter& out, const AudioConfig& audio) {
  const bool aac = audio.codec == Codec::aac;
  out.begin(aac ? "mp4a" : audio.codec == Codec::pcm_alaw ? "alaw" : "ulaw");
  out.zeros(6);
  out.u16(1);
  out.zeros(8);
  out.u16(static_cast<uint64_t>(audio.channels));
  out.u16(16);
  out.zeros(4);
  out.u32(static_cast<uint64_t>(std::min(audio.rate, 65'535U)) << 16);
  if (aac) put_esds(out, audio);
  out.end();
}

void put_video_track(BoxWriter& out, const rtsp::VideoConfig& video) {
  out.begin("trak");
  put_tkhd(out, kVideoTrack, video.width, video.height);
  out.begin("mdia");
  put_media_header(out, kVideoTimescale, "vide", "camera");
  out.begin("minf");
  out.begin_full("vmhd", 0, 1);
  out.zeros(8);
  out.end();
  put_dinf(out);
  out.begin("stbl");
  out.begin_full("stsd", 0, 0);
  out.u32(1);
  put_visual_entry(out, video);
  out.end();
  put_empty_tables(out);
  for (int i = 0; i < 4; ++i) out.end();  // stbl minf mdia trak
}

void put_audio_track(BoxWriter& out, const AudioConfig& audio) {
  out.begin("trak");
  put_tkhd(out, kAudioTrack, 0, 0);
  out.begin("mdia");
  put_media_header(out, audio.rate, "soun", "microphone");
  out.begin("minf");
  out.begin_full("smhd", 0, 0);
  out.u32(0);
  out.end();
  put_dinf(out);
  out.begin("stbl");
  out.begin_full("stsd", 0, 0);
  out.u32(1);
  put_sound_entry(out, audio);
  out.end();
  put_empty_tables(out);
  for (int i = 0; i < 4; ++i) out.end();
}

void put_trex(BoxWriter& out, uint32_t track) {
  out.begin_full("trex", 0, 0);
  out.u32(track);
  out.u32(1);
  out.u32(0);
  out.u32(0);
  out.u32(track == kVideoTrack ? kNonSyncSample : 0);
  out.end();
}

/// general_profile_space to general_level_idc lie at fixed places of the record (ISO/IEC 14496-15
/// §8.3.3.1.2).
std::string hevc_codec(BytesView record) {
  const uint32_t compatibility = static_cast<uint32_t>(record[2]) << 24 |
                                 static_cast<uint32_t>(record[3]) << 16 |
                                 static_cast<uint32_t>(record[4]) << 8 | record[5];
  uint32_t reversed = 0;
  for (int bit = 0; bit < 32; ++bit) reversed |= (compatibility >> bit & 1U) << (31 - bit);
  constexpr const char* kSpaces[] = {"", "A", "B", "C"};
  std::string text = fmt::format("hvc1.{}{}.{:X}.{}{}", kSpaces[record[1] >> 6], record[1] & 0x1F, reversed,
                                 (record[1] & 0x20) != 0 ? 'H' : 'L', record[12]);
  std::size_t last = 12;  // trailing zero bytes of the six constraint bytes are left out
  while (last > 6 && record[last - 1] == 0) --last;
  for (std::size_t i = 6; i < last; ++i) text += fmt::format(".{:X}", record[i]);
  return text;
}

}  // namespace

Bytes make_init(const rtsp::VideoConfig& video, const AudioConfig* audio) {
  BoxWriter out;
  put_ftyp(out);
  out.begin("moov");
  put_mvhd(out, audio ? kAudioTrack + 1 : kVideoTrack + 1);
  put_video_track(out, video);
  if (audio) put_audio_track(out, *audio);
  out.begin("mvex");
  put_trex(out, kVideoTrack);
  if (audio) put_trex(out, kAudioTrack);
  out.end();
  out.end();
  return out.take();
}

std::string mime_of(const rtsp::VideoConfig& video) {
  const BytesView record(video.record);
  std::string codec;
  if (video.codec == Codec::h264 && record.size() >= 4) {
    codec = fmt::format("avc1.{:02X}{:02X}{:02X}", record[1], record[2], record[3]);
  } else if (video.codec == Codec::h265 && record.size() >= 13) {
    codec = hevc_codec(record);
  }
  return fmt::format("video/mp4; codecs=\"{}\"", codec);
}

}  // namespace mj::capture
