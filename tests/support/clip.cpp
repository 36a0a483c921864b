#include "tests/support/clip.h"

#include <algorithm>
#include <map>
#include <utility>

#include "capture/libav_handles.h"

extern "C" {
#include <libswscale/swscale.h>
}

namespace mj::test {
namespace {

namespace libav = capture::libav;

struct FreeScaler {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};
using UniqueScaler = std::unique_ptr<SwsContext, FreeScaler>;

void mirror_plane(uint8_t* plane, int width, int height) {
  for (int row = 0; row < height; ++row) std::reverse(plane + row * width, plane + (row + 1) * width);
}

void mirror(const Picture& picture) {
  mirror_plane(picture.data, picture.width, picture.height);
  mirror_plane(picture.chroma(), picture.width / 2, picture.height);  // U and V lie one after the other
}

}  // namespace

struct Clip::Impl {
  libav::UniqueFormat format;
  libav::UniqueCodec codec;
  libav::UniqueFrame frame;
  libav::UniquePacket packet;
  std::map<std::pair<int, int>, UniqueScaler> scalers;  // by size of the picture
  int stream = -1;

  /// True: `frame` holds a new picture. False: the file is at its end.
  bool decode_until_end() {
    while (av_read_frame(format.get(), packet.get()) >= 0) {
      const bool sent = packet->stream_index == stream && avcodec_send_packet(codec.get(), packet.get()) >= 0;
      av_packet_unref(packet.get());
      if (sent && avcodec_receive_frame(codec.get(), frame.get()) >= 0) return true;
    }
    return false;
  }

  void rewind() {
    av_seek_frame(format.get(), stream, 0, AVSEEK_FLAG_BACKWARD);
    avcodec_flush_buffers(codec.get());
  }
};

Clip::Clip(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Clip::Clip(Clip&&) noexcept = default;
Clip::~Clip() = default;

Result<Clip> Clip::open(const std::string& path, int skip_frames) {
  auto impl = std::make_unique<Impl>();
  AVFormatContext* format = nullptr;
  if (const int error = avformat_open_input(&format, path.c_str(), nullptr, nullptr); error < 0) {
    return fail(ErrorKind::not_found, "open clip {}: {}", path, libav::error_text(error));
  }
  impl->format.reset(format);
  const AVCodec* decoder = nullptr;
  impl->stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
  if (impl->stream < 0) return fail(ErrorKind::invalid, "clip {} has no video", path);
  impl->codec.reset(avcodec_alloc_context3(decoder));
  impl->codec->thread_count = 1;
  avcodec_parameters_to_context(impl->codec.get(), format->streams[impl->stream]->codecpar);
  if (const int error = avcodec_open2(impl->codec.get(), decoder, nullptr); error < 0) {
    return fail(ErrorKind::invalid, "open clip {}: {}", path, libav::error_text(error));
  }
  impl->frame.reset(av_frame_alloc());
  impl->packet.reset(av_packet_alloc());
  Clip clip(std::move(impl));
  for (int i = 0; i <= skip_frames; ++i) MJ_CHECK(clip.advance());
  return clip;
}

Result<void> Clip::advance() {
  if (impl_->decode_until_end()) return {};
  impl_->rewind();
  if (impl_->decode_until_end()) return {};
  return fail(ErrorKind::corrupt, "the clip holds no picture");
}

void Clip::draw(const Picture& picture, bool mirrored) {
  const AVFrame& frame = *impl_->frame;
  auto& scaler = impl_->scalers[{picture.width, picture.height}];
  if (!scaler) {
    scaler.reset(sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format),
                                picture.width, picture.height, AV_PIX_FMT_YUV420P, SWS_FAST_BILINEAR, nullptr,
                                nullptr, nullptr));
  }
  uint8_t* const u = picture.chroma();
  uint8_t* const planes[4] = {picture.data, u, u + picture.width * picture.height / 4, nullptr};
  const int strides[4] = {picture.width, picture.width / 2, picture.width / 2, 0};
  sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, planes, strides);
  if (mirrored) mirror(picture);
}

double Clip::frames_per_second() const {
  return av_q2d(impl_->format->streams[impl_->stream]->avg_frame_rate);
}

}  // namespace mj::test
