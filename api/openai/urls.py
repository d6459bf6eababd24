from django.urls import path

from api.openai.chat import completions
from api.openai.embeddings import embeddings
from api.openai.models import model, models
from api.openai.responses import response, responses

urlpatterns = [
    path("v1/models", models),
    path("v1/models/<path:model_id>", model),
    path("v1/chat/completions", completions),
    path("v1/embeddings", embeddings),
    path("v1/responses", responses),
    path("v1/responses/<str:response_id>", response),
]
