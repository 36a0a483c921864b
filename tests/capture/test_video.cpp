#include "tests/capture/test_video.h"

#include <cstring>
#include <stdexcept>

#include "capture/libav_handles.h"
#include "capture/rtsp/h264_syntax.h"
#include "capture/rtsp/nal_assembler.h"
#include "tests/support/painted_code.h"

namespace mj::test {
namespace {

namespace libav = capture::libav;
namespace rtsp = capture::rtsp;

class Collector final : public rtsp::UnitSink {
 public:
  [[nodiscard]] Bytes& payload() override { return payload_; }
  void on_unit(const rtsp::Unit& unit) override { units.push_back({unit, std::exchange(payload_, {})}); }

  std::vector<TestUnit> units;

 private:
  Bytes payload_;
};

libav::UniqueCodec open_encoder(const VideoOptions& options) {
  const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
  if (!x264) throw std::runtime_error("libavcodec has no libx264");
  libav::UniqueCodec encoder(avcodec_alloc_context3(x264));
  encoder->width = options.width;
  encoder->height = options.height;
  encoder->pix_fmt = AV_PIX_FMT_YUV420P;
  encoder->time_base = {1, 90'000};
  encoder->framerate = {options.fps, 1};
  encoder->gop_size = options.gop;
  encoder->max_b_frames = options.b_frames;
  encoder->thread_count = 1;
  encoder->bit_rate = 400'000;
  av_log_set_level(AV_LOG_ERROR);
  libav::Options x264_options;
  x264_options.set("preset", "veryfast");
  x264_options.set("x264-params", "scenecut=0:b-adapt=0:open-gop=0:force-cfr=1");
  if (avcodec_open2(encoder.get(), x264, x264_options.get()) < 0)
    throw std::runtime_error("libx264 does not open");
  return encoder;
}

libav::UniqueFrame draw(const VideoOptions& options, int number) {
  libav::UniqueFrame frame(av_frame_alloc());
  frame->width = options.width;
  frame->height = options.height;
  frame->format = AV_PIX_FMT_YUV420P;
  av_frame_get_buffer(frame.get(), 0);
  std::memset(frame->data[0], 60 + number % 100,
              static_cast<std::size_t>(frame->linesize[0] * options.height));
  for (int plane = 1; plane < 3; ++plane) {
    std::memset(frame->data[plane], 128,
                static_cast<std::size_t>(frame->linesize[plane] * options.height / 2));
  }
  paint_code({frame->data[0], options.width, options.height, frame->linesize[0]},
             {from_us(0), static_cast<uint16_t>(number)});
  frame->pts = int64_t{90'000} * number / options.fps;
  return frame;
}

}  // namespace

std::vector<TestUnit> encode_video(const VideoOptions& options) {
  const auto encoder = open_encoder(options);
  Collector collector;
  rtsp::DepacketizerCounts counts;
  rtsp::NalAssembler assembler(std::make_unique<rtsp::H264Syntax>(), collector, counts);
  const libav::UniquePacket packet(av_packet_alloc());
  for (int i = 0; i <= options.frames; ++i) {
    const libav::UniqueFrame frame = i < options.frames ? draw(options, i) : nullptr;
    avcodec_send_frame(encoder.get(), frame.get());
    while (avcodec_receive_packet(encoder.get(), packet.get()) >= 0) {
      assembler.begin_packet(static_cast<uint32_t>(packet->pts));
      assembler.add({packet->data, static_cast<std::size_t>(packet->size)});
      assembler.end_packet(true);
      av_packet_unref(packet.get());
    }
  }
  assembler.flush();
  return std::move(collector.units);
}

}  // namespace mj::test
