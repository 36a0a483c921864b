#include "tests/support/decoder.h"

#include <algorithm>
#include <cstring>

#include "capture/libav_handles.h"

namespace mj::test {

namespace {

namespace libav = capture::libav;

/// A read-only AVIOContext over bytes that outlive it.
class MemoryInput {
 public:
  explicit MemoryInput(BytesView bytes) : bytes_(bytes) {
    constexpr int kBufferBytes = 1 << 16;
    auto* buffer = static_cast<uint8_t*>(av_malloc(kBufferBytes));
    context_ =
        avio_alloc_context(buffer, kBufferBytes, 0, this, &MemoryInput::read, nullptr, &MemoryInput::seek);
  }
  ~MemoryInput() {
    av_freep(&context_->buffer);
    avio_context_free(&context_);
  }
  MemoryInput(const MemoryInput&) = delete;
  MemoryInput& operator=(const MemoryInput&) = delete;

  [[nodiscard]] AVIOContext* get() const { return context_; }

 private:
  static int read(void* self, uint8_t* into, int size) {
    auto& input = *static_cast<MemoryInput*>(self);
    const auto left = input.bytes_.size() - input.position_;
    const auto count = std::min<std::size_t>(left, static_cast<std::size_t>(size));
    if (count == 0) return AVERROR_EOF;
    std::memcpy(into, input.bytes_.data() + input.position_, count);
    input.position_ += count;
    return static_cast<int>(count);
  }

  static int64_t seek(void* self, int64_t offset, int whence) {
    auto& input = *static_cast<MemoryInput*>(self);
    if (whence == AVSEEK_SIZE) return static_cast<int64_t>(input.bytes_.size());
    if (whence != SEEK_SET || offset < 0 || offset > static_cast<int64_t>(input.bytes_.size())) return -1;
    input.position_ = static_cast<std::size_t>(offset);
    return offset;
  }

  BytesView bytes_;
  std::size_t position_ = 0;
  AVIOContext* context_ = nullptr;
};

tl::unexpected<Error> corrupt(const char* what, int error) {
  return fail(ErrorKind::corrupt, "{}: {}", what, libav::error_text(error));
}

Result<libav::UniqueFormat> open_format(const MemoryInput& input) {
  AVFormatContext* raw = avformat_alloc_context();
  raw->pb = input.get();
  if (const int error = avformat_open_input(&raw, nullptr, nullptr, nullptr); error < 0)
    return corrupt("open", error);
  libav::UniqueFormat format(raw);
  if (const int error = avformat_find_stream_info(format.get(), nullptr); error < 0)
    return corrupt("stream info", error);
  return format;
}

Result<libav::UniqueCodec> open_codec(const AVCodecParameters& parameters) {
  const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
  if (decoder == nullptr)
    return fail(ErrorKind::corrupt, "no decoder for codec {}", static_cast<int>(parameters.codec_id));
  libav::UniqueCodec codec(avcodec_alloc_context3(decoder));
  if (const int error = avcodec_parameters_to_context(codec.get(), &parameters); error < 0)
    return corrupt("parameters", error);
  if (const int error = avcodec_open2(codec.get(), decoder, nullptr); error < 0)
    return corrupt("open decoder", error);
  return codec;
}

Result<void> each_packet(AVFormatContext* format, int track,
                         const std::function<Result<void>(const AVPacket&)>& on_packet) {
  const libav::UniquePacket packet(av_packet_alloc());
  while (av_read_frame(format, packet.get()) >= 0) {
    if (packet->stream_index == track) MJ_CHECK(on_packet(*packet));
    av_packet_unref(packet.get());
  }
  return {};
}

}  // namespace

Result<void> decode_video(BytesView file,
                          const std::function<void(Duration, const LumaPlane<const uint8_t>&)>& on_frame) {
  const MemoryInput input(file);
  MJ_TRY(const auto format, open_format(input));
  const int track = av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (track < 0) return corrupt("find video", track);
  const AVStream& stream = *format->streams[track];
  MJ_TRY(const auto codec, open_codec(*stream.codecpar));
  const libav::UniqueFrame frame(av_frame_alloc());

  const auto drain = [&] {
    while (avcodec_receive_frame(codec.get(), frame.get()) >= 0) {
      const auto us = av_rescale_q(frame->best_effort_timestamp, stream.time_base, AVRational{1, 1000000});
      on_frame(Duration{us}, {frame->data[0], frame->width, frame->height, frame->linesize[0]});
    }
  };
  MJ_CHECK(each_packet(format.get(), track, [&](const AVPacket& packet) -> Result<void> {
    if (const int error = avcodec_send_packet(codec.get(), &packet); error < 0)
      return corrupt("decode", error);
    drain();
    return {};
  }));
  avcodec_send_packet(codec.get(), nullptr);
  drain();
  return {};
}

Result<void> read_video(BytesView file, const std::function<void(BytesView)>& on_picture) {
  const MemoryInput input(file);
  MJ_TRY(const auto format, open_format(input));
  const int track = av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (track < 0) return corrupt("find video", track);
  return each_packet(format.get(), track, [&](const AVPacket& packet) -> Result<void> {
    on_picture({packet.data, static_cast<std::size_t>(packet.size)});
    return {};
  });
}

}  // namespace mj::test
